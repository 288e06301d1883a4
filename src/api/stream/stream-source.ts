/** How fast a stream is fed. */
export type Pace =
  /** the next item is asked for at once; who has too much unread when one more comes is cut off */
  | "live"
  /** the next item is asked for when the reader has taken the last one; who takes nothing for too long is cut off */
  | "paced"
  /** as `paced`, for what has an end and may lie in a pager for a while: a long time to take nothing */
  | "download";

/** A stream before it is opened: what it gives, as text that can be sent as it is. */
export interface StreamSource {
  readonly contentType: string;
  readonly pace: Pace;
  readonly messages: AsyncIterable<string>;
  /** sent when there was nothing else for a while; means nothing to a reader */
  readonly heartbeat: string;
  /** sent first, so that the reader has its answer's head at once */
  readonly opening: string;
  /** sent last, so that an end can be told from a broken connection */
  readonly ending: string;
  /** sent last instead, when the facade threw or the daemon ends */
  readonly failure: (error: { code: string; message: string; data: unknown }) => string;
}
