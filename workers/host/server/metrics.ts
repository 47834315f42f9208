/** Counters and gauges in Prometheus text format (version 0.0.4). */
export type Labels = Readonly<Record<string, string>>

type Family = { readonly help: string; readonly type: 'counter' | 'gauge'; readonly samples: Map<string, number> }

export class Metrics {
  readonly #families = new Map<string, Family>()

  /** Adds to a counter; its name ends in `_total` or `_seconds_total` by custom. */
  count(name: string, help: string, labels: Labels = {}, amount = 1): void {
    const samples = this.#family(name, help, 'counter')
    const key = labelText(labels)
    samples.set(key, (samples.get(key) ?? 0) + amount)
  }

  set(name: string, help: string, value: number, labels: Labels = {}): void {
    this.#family(name, help, 'gauge').set(labelText(labels), value)
  }

  text(): string {
    const lines: string[] = []
    for (const [name, { help, type, samples }] of this.#families) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
      for (const [labels, value] of samples) lines.push(`${name}${labels} ${value}`)
    }
    return `${lines.join('\n')}\n`
  }

  #family(name: string, help: string, type: Family['type']): Family['samples'] {
    const family = this.#families.get(name) ?? { help, type, samples: new Map() }
    this.#families.set(name, family)
    return family.samples
  }
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

/** Counts an attempt at a transfer that is over, on a host and on a worker by the same names. */
export function countAttempt(metrics: Metrics, seconds: number): void {
  metrics.count('softpost_transfer_attempts_total', 'Attempts at a transfer that are over.')
  metrics.count('softpost_transfer_seconds_total', 'Seconds of transfer attempts.', {}, seconds)
}
