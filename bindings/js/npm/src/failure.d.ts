/** Any failure of framekey. Neither its text nor its fields hold a secret. */
export declare class FramekeyError extends Error {
  /** What went wrong, for code to match on: `rate_limited`. */
  readonly kind: string;
  /** The stable code that tells cases of a kind apart: `auth.wrong_kind`. */
  readonly code: string;
  /** The service that is concerned: `api-video`. */
  readonly service?: string;
  /** The operation that is concerned: `videos.list`. */
  readonly operation?: string;
  /** The HTTP status, if the service answered. */
  readonly status?: number;
  /** The service's own code, if it gave one. */
  readonly serverCode?: string;
  /** The service's own words, if it gave any. */
  readonly serverMessage?: string;
  /** The parameter that the service found wrong, if it named one. */
  readonly parameter?: string;
  /** The service's number for the request, for its support. */
  readonly requestId?: string;
  /** How often the operation was sent; 0: not at all. */
  readonly attempts: number;
  /** How many seconds the service asks to wait. */
  readonly retryAfter?: number;
}
