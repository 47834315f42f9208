import { Component, type ErrorInfo, type ReactNode } from 'react'
import { Button } from '../ui/Button.tsx'
import { Notice } from '../ui/Notice.tsx'
import { SHELL_COPY } from './copy.ts'

type Props = { readonly children: ReactNode }
type State = { readonly error: Error | null }

/** Keeps a broken panel from taking the page with it. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null }

  static getDerivedStateFromError(error: Error): State {
    return { error }
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    // The developer's view; the person sees the notice.
    reportError(new Error(`a panel broke${info.componentStack ?? ''}`, { cause: error }))
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children
    const { title, detail, again, reload } = SHELL_COPY.broken
    return (
      <Notice
        tone="error"
        title={title}
        actions={
          <>
            <Button onClick={() => this.setState({ error: null })}>{again}</Button>
            <Button variant="quiet" onClick={() => location.reload()}>
              {reload}
            </Button>
          </>
        }
      >
        <p>{detail}</p>
      </Notice>
    )
  }
}
