/** What a reader of recordings can be told to do about. */
export type RecordingErrorCode =
  | 'recording_not_found'
  | 'recording_ambiguous'
  | 'recording_newer'
  | 'recording_in_use'
  | 'recording_damaged'
  | 'recording_changed'
  | 'recording_too_large'
  | 'recording_not_replayable'
  | 'program_not_found';

/** A recording that cannot be had; the message says what to do. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly code: RecordingErrorCode;

  constructor(code: RecordingErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
