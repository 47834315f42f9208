import { useEffect, useRef, useState } from 'react'

/** The value, handed on at most once every `everyMs`; the last one always arrives. */
export function useThrottled<T>(value: T, everyMs: number): T {
  const [shown, setShown] = useState(value)
  const shownAt = useRef(0)
  useEffect(() => {
    const wait = Math.max(0, shownAt.current + everyMs - performance.now())
    const timer = setTimeout(() => {
      shownAt.current = performance.now()
      setShown(value)
    }, wait)
    return () => clearTimeout(timer)
  }, [value, everyMs])
  return shown
}
