/** Runs until told to stop: SIGTERM and SIGINT finish what is held, a second one ends at once. */
export async function untilStopped(stop: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let asked = false
    const end = () => {
      if (asked) process.exit(130)
      asked = true
      stop().then(resolve, reject)
    }
    process.on('SIGTERM', end)
    process.on('SIGINT', end)
  })
}
