import { Demo } from './Demo.tsx'
import { InvitationCard } from './Invitation.tsx'
import { Tour } from './Tour.tsx'

export function Panel() {
  return (
    <>
      <InvitationCard />
      <Demo />
      <Tour />
    </>
  )
}
