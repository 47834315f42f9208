/** Something that keeps a script from starting; its message is the one line that is printed. */
export class LaunchError extends Error {
  /** @override */
  name = 'LaunchError'
}
