//! A store for the processes of one user on one machine: a folder with a file for each entry.

mod guard;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use framekey_runtime::BoxFuture;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::{Entry, Hold, LARGEST, Lease, StoreError, TokenStore};
use crate::fail;
use crate::fingerprint::hex;

/// A disk that is busy may take its time to write; one that takes longer is in trouble.
const PATIENCE: Duration = Duration::from_secs(2);
/// What a process that was killed left behind is removed when it is this much older than the file
/// that is being written.
const LITTER: Duration = Duration::from_secs(60);

/// Keeps each token in a file of its own, sealed, in a folder that only its owner can enter.
///
/// A file is created with mode 0600 under another name, written, flushed to the disk and renamed, so
/// that nobody ever sees half of it or sees it with another mode. Who renews holds the lock of a file
/// beside it, which the kernel frees when the process dies. Links, files of other owners and files
/// that others may read are not used: the notice says how to mend them.
#[derive(Clone, Debug)]
pub struct FileStore {
    folder: PathBuf,
}

impl FileStore {
    /// A store in this folder, which is made when it is needed. It should be on a local disk and
    /// hold nothing else.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        FileStore { folder: folder.into() }
    }

    /// Does `work` on a thread where it may block.
    fn work<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Shelf) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let shelf = Shelf {
            folder: self.folder.clone(),
            data: self.folder.join(format!("{name}.token")),
            lock: self.folder.join(format!("{name}.lock")),
        };
        let task = tokio::task::spawn_blocking(move || work(&shelf));
        Box::pin(async move {
            task.await.map_err(|_| StoreError::new("the thread that works on files is gone"))?
        })
    }
}

impl TokenStore for FileStore {
    fn title(&self) -> String {
        format!("folder {}", self.folder.display())
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn holds_sessions(&self) -> bool {
        true
    }

    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Entry>, StoreError>> {
        self.work(name, Shelf::load)
    }

    fn lease<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lease, StoreError>> {
        self.work(name, Shelf::lease)
    }

    fn save<'a>(
        &'a self,
        name: &'a str,
        entry: Entry,
        _: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.work(name, move |shelf| shelf.save(&entry))
    }
}

/// The files of one entry.
struct Shelf {
    folder: PathBuf,
    data: PathBuf,
    lock: PathBuf,
}

impl Shelf {
    fn load(&self) -> Result<Option<Entry>, StoreError> {
        if !guard::folder(&self.folder)? {
            return Ok(None);
        }
        let mut options = OpenOptions::new();
        options.read(true);
        let Some(file) = guard::open(&self.data, &mut options)? else { return Ok(None) };
        let mut bytes = Vec::new();
        // One byte more than there may be, so that a longer file is seen as one.
        let length = file.take(LARGEST as u64 + 1).read_to_end(&mut bytes);
        length.map_err(|error| trouble(&self.data, "cannot be read", &error))?;
        Ok(Entry::from_bytes(&bytes))
    }

    fn lease(&self) -> Result<Lease, StoreError> {
        guard::make_folder(&self.folder)?;
        let mut options = OpenOptions::new();
        // Nothing is ever written to it.
        options.read(true).write(true).create(true).truncate(false);
        let file = guard::open(&self.lock, &mut options)?;
        let file = file.ok_or_else(|| StoreError::new("the store's folder was removed"))?;
        let hold: Option<Box<dyn Hold>> = match file.try_lock() {
            Ok(()) => Some(Box::new(Held { _locked: file })),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(error)) => {
                return Err(trouble(&self.lock, "cannot be locked", &error));
            }
        };
        // Read after the lock is held: what another process saved before is seen.
        Ok(Lease { generation: Entry::next(self.load()?.as_ref()), hold })
    }

    fn save(&self, entry: &Entry) -> Result<bool, StoreError> {
        guard::make_folder(&self.folder)?;
        if self.load()?.is_some_and(|there| there.generation >= entry.generation) {
            return Ok(false);
        }
        let fresh = self.fresh_name()?;
        let written = self.write(&fresh, entry);
        if let Err(error) = &written {
            let error = trouble(&fresh, "cannot be written", error);
            let _ = std::fs::remove_file(&fresh);
            return Err(error);
        }
        fail::point("written");
        std::fs::rename(&fresh, &self.data)
            .map_err(|error| trouble(&self.data, "cannot be replaced", &error))?;
        fail::point("renamed");
        guard::sync_folder(&self.folder);
        self.sweep();
        Ok(true)
    }

    /// A name that nobody else writes to: two may save at the same time where one has no lock.
    fn fresh_name(&self) -> Result<PathBuf, StoreError> {
        let mut random = [0; 8];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| StoreError::new("the system gives no random numbers"))?;
        Ok(self.data.with_extension(format!("{}.new", hex(&random))))
    }

    fn write(&self, path: &Path, entry: &Entry) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        guard::private(options.write(true).create_new(true));
        let mut file = options.open(path)?;
        fail::point("created");
        let bytes = entry.to_bytes();
        let (head, tail) = bytes.split_at(bytes.len() / 2);
        file.write_all(head)?;
        fail::point("half_written");
        file.write_all(tail)?;
        file.sync_all()
    }

    /// Removes what processes left behind that were killed while they wrote. That it cannot be done
    /// harms nobody.
    fn sweep(&self) {
        let Some(stem) = self.data.file_stem().and_then(|stem| stem.to_str()) else { return };
        let Ok(now) = std::fs::metadata(&self.data).and_then(|data| data.modified()) else {
            return;
        };
        for file in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = file.file_name();
            let ours = name.to_str().is_some_and(|n| n.starts_with(stem) && n.ends_with(".new"));
            let written = file.metadata().and_then(|file| file.modified());
            let old = written.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > LITTER));
            if ours && old {
                let _ = std::fs::remove_file(file.path());
            }
        }
    }
}

fn trouble(path: &Path, what: &str, error: &std::io::Error) -> StoreError {
    let advice = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "; make room on its disk",
        ErrorKind::PermissionDenied => "; choose a folder that you own",
        ErrorKind::ReadOnlyFilesystem => "; choose a folder that can be written to",
        _ => "",
    };
    StoreError::new(format!("{} {what}: {error}{advice}", path.display()))
}

/// The lock is freed when the file is closed.
struct Held {
    _locked: File,
}

impl Hold for Held {
    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        drop(self);
        Box::pin(std::future::ready(()))
    }
}
