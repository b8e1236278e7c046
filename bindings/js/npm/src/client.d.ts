/** An answer of a service: plain objects; `undefined` where it has no body, bytes where it is not JSON. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

/** A file to send. In Node, `fs.openAsBlob(path)` makes a `Blob` that is read while it is sent. */
export type FileInput = Blob | Uint8Array | ArrayBuffer;

/** Settings of one call. */
export interface CallOptions {
  /** Breaks the call off; it then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Time limit in seconds; the client's where it is left out. */
  timeout?: number | undefined;
}

/** What clients of all services take. */
export interface CommonOptions {
  /** Take keys in a browser all the same, where every visitor can read them. */
  dangerouslyAllowBrowser?: boolean | undefined;
}

/** A client of one service. It shows its name and base URL and nothing else. */
export declare abstract class ServiceClient {
  toJSON(): { client: string; service: string; baseUrl?: string };
  toString(): string;
}
