export type CardTables = {
  model_card: {
    id: string
    workspace_id: string
    version_id: string
    /** From 1; what was registered with the version is revision 0. */
    revision: number
    version_digest: string
    text: string
    digest: string
    because: string
    created_at: Date
    created_by: string
  }
}
