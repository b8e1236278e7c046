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

/** A bearer token, without `Bearer`. */
export type GivenToken = string | {
  token: string;
  /** When it ends; a number is milliseconds since 1970, as `Date.now()` has it. */
  expiresAt?: Date | number | null | undefined;
};

/**
 * Gives a bearer token. Asked on each attempt of a call, unless it says when the token ends: such a
 * token is kept until shortly before. Asked once more when the service refuses the token (401): another
 * one is sent, the same one is not sent again. Calls that need a token at the same time share one
 * answer. It has 30 s. What it throws is told by its class only, since its words may quote a secret.
 */
export type TokenProvider = () => GivenToken | Promise<GivenToken>;

/** What clients of all services take. */
export interface CommonOptions {
  /** Take keys in a browser all the same, where every visitor can read them. A `tokenProvider` needs no leave. */
  dangerouslyAllowBrowser?: boolean | undefined;
}

/** A client of one service. It shows its name and base URL and nothing else. */
export declare abstract class ServiceClient {
  toJSON(): { client: string; service: string; baseUrl?: string };
  toString(): string;
}
