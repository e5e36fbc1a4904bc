import fc from 'fast-check'

/**
 * Properties are drawn from one seed, so that a run of the tests says the same twice. Another seed looks elsewhere:
 * `FAST_CHECK_SEED=$RANDOM npx vitest run`; what it finds goes into the test's examples.
 */
fc.configureGlobal({ seed: Number(process.env['FAST_CHECK_SEED'] ?? 20_261_123) })
