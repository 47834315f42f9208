/** Fetches the drawing part of the charts early, so that it is there when the network is switched off. */
export const loadLines = () => import('./Lines.tsx')
