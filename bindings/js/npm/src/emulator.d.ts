/// <reference lib="esnext.disposable" />

/** The emulator was not found, did not start or has ended, or refused what a test asked of it. */
export declare class EmulatorError extends Error {}

/** Where a service is and a key that opens it: `new ApiVideo(emulator.apiVideo)`. */
export interface Access {
  readonly baseUrl: string;
  readonly apiKey: string;
}

/** VideoVector has two more credentials; they are not listed among the options. */
export interface VideoVectorAccess extends Access {
  /** Of a user, for what a key cannot do: an option in the place of `apiKey`. */
  readonly jwt: string;
  /** An OAuth token. */
  readonly oauth: string;
}

export interface EmulatorOptions {
  /** The `framekey` command; else the variable `FRAMEKEY_BIN` names it, or it is on `PATH`. */
  binary?: string | undefined;
  /** How it starts: a document, or the path of one. */
  scenario?: Scenario | string | URL | undefined;
  /** The port on 127.0.0.1; any free one where it is left out. */
  port?: number | undefined;
  /** The file that the whole state is loaded from, if it is there, and saved in at the end. */
  state?: string | undefined;
  /** Seconds that it may take to start; 10 where it is left out. */
  startTimeout?: number | undefined;
}

/** Which calls, and what goes wrong with them; the README of framekey-emulator explains each field. */
export interface Fault {
  service?: "api-video" | "twelve-labs" | "videovector";
  operation?: string;
  calls?: number[];
  every?: number;
  probability?: number;
  times?: number;
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  text?: string;
  base64?: string;
  size?: number;
  redirect?: string;
  reset?: boolean;
  stall?: boolean;
  goaway?: "graceful" | "abrupt";
  code?: string;
  raw?: string;
  set?: Record<string, unknown>;
  remove?: string[];
  rebase?: string;
  cut?: number;
  drip?: { bytes: number; seconds: number };
  delay?: number;
  after_commit?: boolean;
}

/** How the services behave where it can be chosen. */
export interface Switches {
  api_video?: {
    token_life?: number;
    refuse_access_tokens?: boolean;
    refresh_once?: boolean;
    reuse_grace?: number | null;
    bare_authorization?: boolean;
    wrong_key_status?: 400 | 401;
  };
  twelve_labs?: { key_days?: number | null; old_refusals?: boolean };
  videovector?: { key_delay?: number; bearer_life?: number | null };
  tls?: { https?: boolean; certificate?: string; version?: "1.1" | "1.2" | "1.3" | null; http2?: boolean };
  rate_limits?: { service: string; operation?: string | null; limit: number; window?: number }[];
  webhook_authority?: string | null;
  journal_limit?: number;
}

/** How an emulator starts: the one document that all languages share. What is left out is as in a fresh one. */
export interface Scenario {
  about?: string;
  seed?: number;
  clock?: { now?: string; advance?: number; speed?: number };
  credentials?: Record<string, string>;
  switches?: Switches;
  faults?: Fault[];
}

/** The state as one document. */
export type State = Record<string, unknown>;

/** A document of the control plane, with its own names. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Document = Record<string, any>;

/**
 * A running emulator of the three services: the `framekey` command as a child process (Node only). It ends
 * with this process, also where that is killed, and never keeps it alive.
 */
export declare class Emulator {
  private constructor();
  /** Starts one; an `EmulatorError` says what was tried, and repeats what the process said. */
  static start(options?: EmulatorOptions): Promise<Emulator>;
  /** Ends it and waits for that. */
  stop(): Promise<void>;

  /** api.video, production. */
  readonly apiVideo: Access;
  /** api.video's sandbox, which has videos and keys of its own. */
  readonly apiVideoSandbox: Access;
  readonly twelveLabs: Access;
  readonly videovector: VideoVectorAccess;
  /** The second origin, of what services mint: presigned addresses, pages of consent. */
  readonly filesOrigin: string;

  /** The emulator's time. */
  now(): Promise<Date>;
  /** Stops the clock, where it is or `at` a moment; `advance` moves it still. */
  freeze(at?: Date): Promise<Date>;
  /** Moves the clock ahead by seconds; gives the new time. */
  advance(seconds: number): Promise<Date>;
  /** How fast the clock goes beside real time, from 0 to 1000000; 1 is real time. */
  setSpeed(speed: number): Promise<Date>;

  /** Plants a fault. The first that meets a call counts. */
  fault(fault: Fault): Promise<void>;
  /** The planted faults, each with its counts. */
  faults(): Promise<{ fault: Fault; seen: number; met: number }[]>;
  /** Takes all faults away. */
  clearFaults(): Promise<void>;
  /** Every request since the start or `clearJournal`: operation, status, sizes, headers; no credential. */
  journal(): Promise<Document[]>;
  /** Forgets the requests so far. */
  clearJournal(): Promise<void>;
  /** Calls by operation, and what happened to credentials. */
  counters(): Promise<Document>;
  /** How the services behave where it can be chosen. */
  switches(): Promise<Switches>;
  /** Sets how the services behave; what is left out stays. */
  switch(switches: Switches): Promise<Switches>;
  /** Ends every access token of api.video now; how many there were. */
  revokeAccessTokens(): Promise<number>;

  /** Starts over as a scenario has it, a document or the path of one: nothing from before is left. */
  apply(scenario: Scenario | string | URL): Promise<void>;
  /** Starts over as it started, or as the last scenario had it. */
  reset(): Promise<void>;
  /** The whole state as one document; the journal is not part of it. */
  snapshot(): Promise<State>;
  /** Goes back to a state that was saved. */
  restore(state: State): Promise<void>;
  /** Any request of the control plane: `control("POST", "/broadcast", { live_stream: "li1" })`. */
  control(method: string, path: string, document?: unknown): Promise<any>;
}

export interface Emulator extends AsyncDisposable {}
