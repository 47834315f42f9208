/** `npm run softpost -- COMMAND`: the command line in this very process. */

/** @param {readonly string[]} args */
export async function softpost(args) {
  const { runCommandLine } = await import('../cli/runCommandLine.ts')
  return await runCommandLine(args)
}
