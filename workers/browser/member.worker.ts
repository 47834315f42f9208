/** A worker of the pool. The page makes it and sends it the port that joins it to the tuning worker. */
import { serveMember } from '../pool/member.ts'

export type MemberInvitation = { readonly port: MessagePort }

self.addEventListener('message', ({ data }: MessageEvent<MemberInvitation>) => serveMember(data.port), { once: true })
