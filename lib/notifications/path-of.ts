/** The page of the console where a thing is seen and answered, from its root. */
export function pathOf(resource: { kind: string; id: string }): string {
  const id = encodeURIComponent(resource.id)
  switch (resource.kind) {
    case 'approval':
      return `/approvals/${id}`
    case 'rollout':
      return `/rollouts/${id}`
    case 'endpoint':
      return `/endpoints/${id}`
    case 'incident':
      return `/incidents/${id}`
    default:
      return '/inbox'
  }
}
