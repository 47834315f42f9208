/**
 * The site's build: the page in chunks, and each worker as one self-contained file, since a worker whose policy allows
 * no network cannot load a second one (design section 10). The build fails when a budget or that rule is broken.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { build, type Connect, defineConfig, type ESTree, parseSync, type Plugin, Visitor } from 'vite'

/** Compressed bytes that a person waits for before the page (design section 12). */
const BUDGETS = { page: 250 * 1024, worker: 300 * 1024 } as const

const inModules = (path: string) => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url))

/** Only these two: the threaded build would start workers of its own from blob: scripts. */
const WASM_FILES = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm'] as const
const readWasm = (name: string) => readFileSync(inModules(`@tensorflow/tfjs-backend-wasm/dist/${name}`))

const ISOLATION_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/**
 * Parts of packages that have no place here, with the exports their importers name. Each fails when it is used, so
 * nothing of a package can load a file, start a worker or bring onnxruntime along unnoticed.
 */
const LEFT_OUT: readonly { readonly importer: RegExp; readonly source: RegExp; readonly code: string }[] = [
  { importer: /@huggingface[\\/]transformers/, source: /\/hub\.js$/, code: refusal('getModelJSON') },
  {
    importer: /@huggingface[\\/]transformers/,
    source: /get_tokenizer_files\.js$/,
    code: refusal('get_tokenizer_files'),
  },
  { importer: /@huggingface[\\/]transformers/, source: /\/tensor\.js$/, code: refusal('Tensor') },
  { importer: /@huggingface[\\/]transformers/, source: /^@huggingface\/jinja$/, code: refusal('Template') },
  { importer: /@huggingface[\\/]transformers/, source: /^node:/, code: 'export default {}' },
  { importer: /tfjs-backend-wasm/, source: /threaded-simd\.js$/, code: refusal('default') },
  { importer: /tfjs-backend-wasm/, source: /threaded-simd\.worker\.js$/, code: "export const wasmWorkerContents = ''" },
  // The emscripten glue names these for its Node branch, which a browser never takes.
  { importer: /tfjs-backend-wasm[\\/]wasm-out/, source: /^(?:fs|path)$/, code: 'export default {}' },
]

/** A module whose one export throws when it is called or constructed. */
function refusal(name: string): string {
  const message = `${name} is left out of this build`
  const body = `function () { throw new Error(${JSON.stringify(message)}) }`
  return name === 'default' ? `export default ${body}` : `export const ${name} = ${body}`
}

function leaveOut(): Plugin {
  const prefix = '\0left-out:'
  return {
    name: 'softpost:leave-out',
    enforce: 'pre',
    resolveId(source, importer) {
      const index = LEFT_OUT.findIndex(
        (part) => importer !== undefined && part.importer.test(importer) && part.source.test(source),
      )
      return index < 0 ? null : `${prefix}${index}`
    },
    load(id) {
      return id.startsWith(prefix) ? (LEFT_OUT[Number(id.slice(prefix.length))]?.code ?? null) : null
    },
  }
}

const serveWasm: Connect.NextHandleFunction = (request, response, next) => {
  const name = WASM_FILES.find((file) => request.url?.split('?', 1)[0] === `/wasm/${file}`)
  if (name === undefined) return next()
  response.setHeader('Content-Type', 'application/wasm')
  response.end(readWasm(name))
}

/** tfjs's wasm builds under `/wasm/`, for the page to fetch and hand over. */
function wasmFiles(): Plugin {
  return {
    name: 'softpost:wasm-files',
    configureServer: (server) => void server.middlewares.use(serveWasm),
    generateBundle() {
      for (const name of WASM_FILES) this.emitFile({ type: 'asset', fileName: `wasm/${name}`, source: readWasm(name) })
    },
  }
}

type BuiltFile = {
  readonly fileName: string
  readonly type: 'asset' | 'chunk'
  readonly source?: string | Uint8Array
  readonly code?: string
  readonly isEntry?: boolean
  readonly imports?: readonly string[]
  readonly viteMetadata?: { readonly importedCss: ReadonlySet<string> } | undefined
}

const isWorker = (file: BuiltFile) => file.fileName.startsWith('workers/') && file.fileName.endsWith('.js')
const content = (file: BuiltFile) => file.code ?? file.source ?? ''
const compressedSize = (files: readonly BuiltFile[]) =>
  files.reduce((sum, file) => sum + gzipSync(content(file), { level: 9 }).length, 0)

/** Files that the browser loads before the page shows: the entries, what they import statically, and their styles. */
function initialFiles(bundle: Readonly<Record<string, BuiltFile>>): BuiltFile[] {
  const names = new Set<string>()
  const visit = (file: BuiltFile | undefined) => {
    if (file === undefined || names.has(file.fileName)) return
    names.add(file.fileName)
    for (const name of [...(file.imports ?? []), ...(file.viteMetadata?.importedCss ?? [])]) visit(bundle[name])
  }
  for (const file of Object.values(bundle)) if (file.isEntry === true) visit(file)
  return [...names].flatMap((name) => bundle[name] ?? [])
}

type Called = ESTree.CallExpression | ESTree.NewExpression
const calledName = ({ callee }: Called) => (callee.type === 'Identifier' ? callee.name : undefined)

/**
 * What a worker's policy forbids and its file must therefore not need. The tuner holds one `import()` and one `Worker`:
 * the network probe, which expects both to be refused.
 */
function forbiddenParts(file: BuiltFile): string[] {
  const found: string[] = []
  const probes = { imports: 0, workers: 0 }
  const allowed = file.fileName.startsWith('workers/tuner-') ? 1 : 0
  new Visitor({
    ImportDeclaration: (node) => void found.push(`import of ${node.source.value}`),
    ImportExpression: () => void (probes.imports += 1),
    CallExpression: (node) => {
      const name = calledName(node)
      if (name === 'eval' || name === 'Function') found.push(`call of ${name}`)
    },
    NewExpression: (node) => {
      const name = calledName(node)
      if (name === 'Function') found.push('new Function')
      if (name === 'Worker' || name === 'SharedWorker') probes.workers += 1
    },
  }).visit(parseSync(file.fileName, String(content(file))).program)
  if (probes.imports > allowed) found.push(`${probes.imports} import() where ${allowed} may stand`)
  if (probes.workers > allowed) found.push(`${probes.workers} new Worker where ${allowed} may stand`)
  return found
}

function checkBudgets(): Plugin {
  return {
    name: 'softpost:check-budgets',
    apply: 'build',
    writeBundle(_options, bundle) {
      const files: Readonly<Record<string, BuiltFile>> = bundle
      const workers = Object.values(files).filter(isWorker)
      const parts = [
        { name: 'page (first load)', size: compressedSize(initialFiles(files)), limit: BUDGETS.page },
        ...workers.map((file) => ({ name: file.fileName, size: compressedSize([file]), limit: BUDGETS.worker })),
      ]
      for (const { name, size, limit } of parts) {
        const figures = `${name}: ${(size / 1024).toFixed(1)} KiB gzip of ${limit / 1024} KiB`
        if (size > limit) this.error(`over budget: ${figures}; make it smaller or load it later`)
        this.info(figures)
      }
      for (const file of workers) {
        const parts = forbiddenParts(file)
        if (parts.length > 0)
          this.error(`${file.fileName} must be one file without network or eval, found ${parts.join(', ')}`)
      }
    },
  }
}

/** `tune` keeps its ledger beside the data; one beside the samples is nobody else's to read. */
function leaveOutLedgers(): Plugin {
  let folder = ''
  return {
    name: 'softpost:leave-out-ledgers',
    apply: 'build',
    configResolved({ root, build }) {
      folder = resolve(root, build.outDir)
    },
    closeBundle() {
      for (const name of readdirSync(folder, { encoding: 'utf8', recursive: true })) {
        if (basename(name).startsWith('.softpost-ledger')) rmSync(join(folder, name))
      }
    },
  }
}

/** Kept for use offline: all but the samples, of which a person may never want one, and the service worker itself. */
const isShellFile = (path: string) => !/^(?:samples\/|sw\.js$)/.test(path)

/** `sw.js`, built when everything else is there, since it holds the names and hashes of all files. */
function serviceWorker(): Plugin {
  let folder = ''
  return {
    name: 'softpost:service-worker',
    apply: 'build',
    configResolved({ root, build }) {
      folder = resolve(root, build.outDir)
    },
    async closeBundle() {
      const files = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
        .filter(isShellFile)
        .sort()
        .map((path) => ({ path, sha256: sha256(readFileSync(join(folder, path))) }))
      const manifest = { version: sha256(JSON.stringify(files)).slice(0, 16), files }
      await build({
        configFile: false,
        logLevel: 'warn',
        publicDir: false,
        define: { SHELL_MANIFEST: JSON.stringify(manifest) },
        build: {
          target: 'es2022',
          outDir: folder,
          emptyOutDir: false,
          rolldownOptions: { input: SERVICE_WORKER, output: { entryFileNames: 'sw.js', codeSplitting: false } },
        },
      })
    },
  }
}

const SERVICE_WORKER = fileURLToPath(new URL('workers/shell/serviceWorker.ts', import.meta.url))
const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')

export default defineConfig({
  // Relative, so that the site also works below a folder of a file host.
  base: './',
  plugins: [react(), leaveOut(), leaveOutLedgers(), wasmFiles(), checkBudgets(), serviceWorker()],
  resolve: {
    // The tokenizer classes alone: the package's entry brings onnxruntime and its 27 MB wasm along.
    alias: { '@huggingface/transformers': inModules('@huggingface/transformers/src/tokenization_utils.js') },
  },
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  worker: {
    format: 'es',
    plugins: () => [leaveOut()],
    rolldownOptions: {
      output: {
        codeSplitting: false,
        entryFileNames: ({ name }) => `workers/${name.replace(/\.worker$/, '')}-[hash].js`,
      },
    },
  },
  server: { headers: ISOLATION_HEADERS },
  preview: { headers: ISOLATION_HEADERS },
})
