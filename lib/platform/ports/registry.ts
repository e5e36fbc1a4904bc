/**
 * Aliases of model versions in a registry (`builtin`, MLflow). The discipline is read → write → read back, because some
 * registries overwrite unconditionally: `written` reports what the read after the write returned, not what was sent.
 */
export interface RegistryPort {
  /** The version an alias points at; `version: null` when the model exists and the alias is not set. */
  readAlias(model: string, alias: string): Promise<AliasReading>
  /**
   * Points an alias at a version, or removes it with `version: null`. `expected` is what the writer last read (null: not set).
   * Where the registry offers a condition it is used; elsewhere the alias is read before and after the write.
   */
  writeAlias(
    model: string,
    alias: string,
    version: string | null,
    options: { expected: string | null },
  ): Promise<AliasWriteResult>
}

export type AliasReading =
  | { kind: 'observed'; version: string | null }
  | { kind: 'absent'; because: string }
  | { kind: 'unreachable'; because: string }

export type AliasWriteResult =
  /** `conditional`: the registry checked `expected` itself, so no other writer can have been overwritten unseen. */
  | { kind: 'written'; before: string | null; readBack: string | null; conditional: boolean }
  /** The alias was not what the writer expected; nothing was written. */
  | { kind: 'conflict'; observed: string | null }
  /** The write was sent and the read back differs: another writer was quicker. */
  | { kind: 'overwritten'; before: string | null; readBack: string | null }
  | { kind: 'absent'; because: string }
  | { kind: 'unreachable'; because: string }
  | { kind: 'refused'; because: string }
