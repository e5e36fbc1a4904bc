import type { Metadata } from 'next'
import { SignInCard } from './sign-in-card.tsx'

export const metadata: Metadata = { title: 'Sign in' }

export default function SignInPage() {
  return <SignInCard personas={[]} />
}
