/** `npm start`: the built page, the API and the transfer worker. */
import { ensureSite } from './site.mjs'
import { softpost } from './softpost.mjs'

/** @param {readonly string[]} args */
export async function start(args) {
  await ensureSite()
  return await softpost(['serve', ...args])
}
