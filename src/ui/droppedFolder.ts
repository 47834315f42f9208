/** What somebody dropped: a folder's own files, as a picker of folders would give them. */

/** Of the folder, or the files themselves where no folder was dropped; not what lies in folders inside it. */
export async function filesOf(items: DataTransferItemList): Promise<File[]> {
  const entries = Array.from(items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  const folder = entries.find((entry) => entry.isDirectory)
  if (folder === undefined) return await readAll('model', entries)
  return await readAll(folder.name, await entriesOf(folder as FileSystemDirectoryEntry))
}

/** A reader gives some entries at a time, and none at the end. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return all
    all.push(...some)
  }
}

async function readAll(folder: string, entries: readonly FileSystemEntry[]): Promise<File[]> {
  const files = entries.filter((entry) => entry.isFile) as FileSystemFileEntry[]
  return await Promise.all(
    files.map(async (entry) => {
      const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject))
      // Read-only, and empty for what was dropped; a picker would have filled it.
      Object.defineProperty(file, 'webkitRelativePath', { value: `${folder}/${entry.name}` })
      return file
    }),
  )
}
