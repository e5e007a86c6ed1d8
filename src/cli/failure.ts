/** What a verb throws when it cannot go on: the message says what is wrong, the hint what to do next. */
export class CliFailure extends Error {
  /** 1: it did not work. 2: it was asked for wrongly. */
  readonly exitCode: 1 | 2;
  readonly hint: string | undefined;

  constructor(
    message: string,
    { hint, exitCode = 1, cause }: { hint?: string | undefined; exitCode?: 1 | 2; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CliFailure';
    this.hint = hint;
    this.exitCode = exitCode;
  }
}
