/**
 * Gives tfjs its gradients: the build for Node leaves them out, and the modules that hold them are written for
 * bundlers, without file endings. They register with the one engine of the process.
 */
import { registerHooks } from 'node:module'

const FROM = '/@tensorflow/tfjs-core/dist/'

export async function installGradients(): Promise<void> {
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      if (!specifier.startsWith('.') || context.parentURL?.includes(FROM) !== true) {
        return nextResolve(specifier, context)
      }
      const name = specifier.endsWith('.js') ? specifier : `${specifier}.js`
      return { ...nextResolve(name, context), format: 'module' }
    },
    load(url, context, nextLoad) {
      return nextLoad(url, url.includes(FROM) && !url.endsWith('.node.js') ? { ...context, format: 'module' } : context)
    },
  })
  try {
    await import('@tensorflow/tfjs-core/dist/register_all_gradients.js')
  } finally {
    hooks.deregister()
  }
}
