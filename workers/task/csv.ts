/** CSV by RFC 4180, as UTF-8, header first. */
export function writeCsv(lines: readonly (readonly string[])[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(lines.map((cells) => `${cells.map(quote).join(',')}\r\n`).join(''))
}

function quote(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}
