// Started by the tuning worker's network probe (workers/browser/networkProbe.ts) where no policy stops it.
postMessage('through')
