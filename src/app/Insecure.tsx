import { SHELL_COPY } from './copy.ts'
import styles from './App.module.css'

/** Over plain http elsewhere than on this machine a browser gives no storage, no locks and no GPU: nothing may start. */
export function Insecure({ href }: { readonly href: string }) {
  const words = SHELL_COPY.insecure
  const secure = href.replace(/^http:/, 'https:')
  return (
    <main className={styles.insecure}>
      <h1 className={styles.title}>{words.title}</h1>
      <p>{words.detail}</p>
      <p>
        <a href={secure}>{words.open}</a>
      </p>
      <p>{words.warning}</p>
    </main>
  )
}
