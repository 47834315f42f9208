import { useEffect, useState } from 'react'

export type Connection = 'online' | 'offline' | 'back'

/** What the browser says about the network: here, gone, or here again after it was gone. */
export function useConnection(): Connection {
  const [connection, setConnection] = useState<Connection>(navigator.onLine ? 'online' : 'offline')
  useEffect(() => {
    const leave = () => setConnection('offline')
    const comeBack = () => setConnection('back')
    addEventListener('offline', leave)
    addEventListener('online', comeBack)
    return () => {
      removeEventListener('offline', leave)
      removeEventListener('online', comeBack)
    }
  }, [])
  return connection
}
