import { create } from 'zustand'
import { setKey } from '../../engine/key.ts'
import { getPublic, siteConfig } from '../../engine/net.ts'
import { Invitation } from '../../../workers/protocol/wire.ts'

export type WorkshopState = {
  readonly isWorkshop: boolean
  /** Only the machine of the workshop is told. */
  readonly invitation: Invitation | null
}

export const useWorkshop = create<WorkshopState>(() => ({ isWorkshop: false, invitation: null }))

/** What the site's settings say. Without an answer it is no workshop. */
export async function findWorkshop(): Promise<void> {
  const { workshop = false } = await siteConfig().catch(() => ({ workshop: false }))
  useWorkshop.setState({ isWorkshop: workshop })
  if (workshop && location.hostname === 'localhost') await readInvitation()
}

async function readInvitation(): Promise<void> {
  const bytes = await getPublic('/workshop/invitation', 'settings').catch(() => null)
  if (bytes === null) return
  const parsed = Invitation.safeParse(JSON.parse(new TextDecoder().decode(bytes)))
  if (!parsed.success) return
  useWorkshop.setState({ invitation: parsed.data })
  // The machine of the workshop is invited too; a key of an earlier one opens nothing here.
  const key = new URLSearchParams(new URL(parsed.data.address).hash.slice(1)).get('key')
  if (key !== null) await setKey(key)
}
