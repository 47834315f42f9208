/** One `softpost` command. */
export type Command = {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Printed by `--help`. */
  readonly help: string
  /**
   * Takes the arguments after the command's name and resolves to the exit code. Results go to standard output,
   * progress to standard error. Errors: SoftpostError, whose message is the one line that is printed.
   */
  run(args: readonly string[]): Promise<number>
}
