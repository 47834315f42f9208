/** Files of the page itself (document, scripts, styles, workers), which the browser fetches without net.ts. */
import { recordPageLoad } from './egress.ts'

let watching = false

/** Lists them in the egress ledger, those of before included. */
export function followPageLoads(): void {
  if (watching || typeof PerformanceObserver === 'undefined') return
  watching = true
  for (const entry of performance.getEntriesByType('navigation')) record(entry)
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) record(entry)
  })
  observer.observe({ type: 'resource', buffered: true })
}

function record(entry: PerformanceEntry): void {
  if (!(entry instanceof PerformanceResourceTiming)) return
  // Requests of net.ts are listed already, with what they carried.
  if (entry.initiatorType === 'fetch' || !/^https?:/.test(entry.name)) return
  // The service worker answered, and tells of what it had to fetch for that.
  if (entry.workerStart > 0) return
  // Nothing went over the network for what the browser had kept.
  if (entry.transferSize === 0 && entry.encodedBodySize > 0) return
  const url = new URL(entry.name)
  recordPageLoad({
    at: Math.round(performance.timeOrigin + entry.startTime),
    address: url.origin === location.origin ? `${url.pathname}${url.search}` : url.origin + url.pathname,
    bytesDown: entry.encodedBodySize,
    status: entry.responseStatus === 0 ? 'unknown' : entry.responseStatus,
  })
}
