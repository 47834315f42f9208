/**
 * The Dockerfile's steps as a script, since the tests have no container engine: what the last stage copies is enough to
 * start the host. With LONG=1 the steps of the first stage are run too (install, build, prune), in a copy.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { temporaryFolder } from './support/folders.ts'
import { prepareGround } from './support/host.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const isLong = process.env['LONG'] === '1'
const run = promisify(execFile)

type Step = { readonly name: string; readonly rest: string }

/** The steps of a stage: one line each. */
async function stage(name: string): Promise<Step[]> {
  const lines = (await readFile(join(ROOT, 'workers/host/docker/Dockerfile'), 'utf8')).split('\n')
  const begin = lines.findIndex((line) => line.startsWith('FROM ') && line.endsWith(` AS ${name}`))
  const rest = lines.slice(begin + 1)
  const end = rest.findIndex((line) => line.startsWith('FROM '))
  return rest
    .slice(0, end === -1 ? rest.length : end)
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ name: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }))
}

/** What the build stage leaves: made by its steps with LONG=1, else the checkout as it is. */
async function build(folder: string): Promise<string> {
  if (!isLong) return ROOT
  const { stdout } = await run('git', ['ls-files', '-z'], { cwd: ROOT, maxBuffer: 2 ** 24 })
  for (const file of stdout.split('\0').filter((name) => name !== '')) {
    await cp(join(ROOT, file), join(folder, file), { recursive: true })
  }
  for (const { name, rest } of await stage('build')) {
    if (name === 'RUN') await run('sh', ['-c', rest], { cwd: folder, maxBuffer: 2 ** 24 })
  }
  return folder
}

test('what the last stage copies is enough to serve the page and the API', async () => {
  await using built = await temporaryFolder()
  await using image = await temporaryFolder()
  const source = await build(built.path)
  const steps = await stage('cpu')
  const copied = steps
    .filter(({ name, rest }) => name === 'COPY' && rest.startsWith('--from=build '))
    .map(({ rest }) => rest.replace('--from=build /softpost/', '').split(' ')[0] ?? '')
  expect(copied).toContain('workers')
  for (const path of copied) {
    // Before the page was built there is none.
    if (!isLong && path === 'dist' && !existsSync(join(source, path))) await mkdir(join(image.path, path))
    else if (path === 'node_modules') await symlink(join(source, path), join(image.path, path))
    else await cp(join(source, path), join(image.path, path), { recursive: true })
  }
  const entry = JSON.parse(steps.find(({ name }) => name === 'ENTRYPOINT')?.rest ?? '') as string[]
  const command = JSON.parse(steps.find(({ name }) => name === 'CMD')?.rest ?? '') as string[]
  expect(command[0]).toBe('serve')
  expect(entry[0]).toBe('node')
  await using ground = await prepareGround()
  const args = [...entry.slice(1), 'serve', '--port', '0', '--data-dir', ground.options.dataDir, '--json']
  const host = spawn(process.execPath, args, { cwd: image.path, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(host, 'exit')
  try {
    const [line] = (await Promise.race([once(host.stdout, 'data'), ended])) as [Buffer]
    const { url } = JSON.parse(line.toString()) as { url: string }
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    const { models } = (await (await fetch(`${url}/v1/models`)).json()) as { models: readonly { id: string }[] }
    expect(models.map(({ id }) => id)).toContain('demo-student')
    if (isLong) expect(await (await fetch(url)).text()).toContain('<title>')
  } finally {
    host.kill('SIGTERM')
    await ended
  }
}, 1_200_000)
