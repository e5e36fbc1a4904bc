/**
 * What a governed action answers to its form. `requested` means that the intent is recorded, not that anything outside
 * has changed: whether it was applied and verified is read from the thing itself.
 */
export type ActionState =
  | { status: 'idle' }
  | { status: 'failed'; message: string; requestId?: string }
  | { status: 'requested'; message: string }

export type Action = (previous: ActionState, form: FormData) => Promise<ActionState>

export const idle: ActionState = { status: 'idle' }
