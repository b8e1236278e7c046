// Calls that carry every kind of credential. Runs in Node and in a page alike.

/** Makes one call; gives what it fails with, as text. */
export async function failing({ ApiVideo, TwelveLabs, VideoVector }, kind, baseUrl, extra = {}) {
  const key = "cnrykey0123456789";
  const options = (more) => ({ baseUrl, ...extra, ...more });
  const calls = {
    "tl-key": () => new TwelveLabs(options({ apiKey: key })).indexes.list(),
    "vv-key": () => new VideoVector(options({ apiKey: key })).indexes.list(),
    jwt: () => new VideoVector(options({ jwt: "cnryjwt0123456789" })).indexes.list(),
    basic: () => new ApiVideo(options({ apiKey: key, authMode: "basic" })).videos.list(),
    bearer: () => new ApiVideo(options({ apiKey: key })).videos.list(),
    upload: () => new ApiVideo(options({ uploadToken: "cnryupload0123456789" })).videos.uploadWithToken({ file: new Blob(["a few bytes"]) }),
    create: () => new ApiVideo(options()).accessTokens.create({ apiKey: key }),
    refresh: () => new ApiVideo(options()).accessTokens.refresh({ refreshToken: "cnryrefresh0123456789" }),
    exchange: () => new ApiVideo(options({ apiKey: key, timeout: 1 })).videos.list(),
  };
  try {
    await calls[kind]();
  } catch (error) {
    return { code: error.code, status: error.status, text: `${error} ${error.stack} ${error.cause} ${JSON.stringify(error)}` };
  }
  throw new Error(`${kind} was answered`);
}

export const KINDS = ["tl-key", "vv-key", "jwt", "basic", "bearer", "upload", "create", "refresh"];
