import { brokenFeed } from '../drill.ts'
import { dayName } from '../flight-table.ts'
import { replayDays, type ReplayEvent } from '../replay.ts'
import { calendar, dayMs, flightsPerDay, regionalMilesMax, sliceMs } from './calendar.ts'

export type StoryEvents = {
  dataFolder: string
  /** Event time to begin at; what is before it was sent or is lost. */
  fromMs: number
  mainId: string
  regionalId: string
  /** The drill as it stands when a slice begins, in event time; null while there is none. */
  drill(): { fromMs: number; toMs: number } | null
  /** Called before the events before `positionMs` are given out, and awaited: a second run goes on from there. */
  reserve(positionMs: number): Promise<void>
}

/**
 * The flights of the story in the order of their event time, slice by slice: each at the main endpoint, and short ones a
 * second time at the regional one, under an id of its own. A slice is reserved before its first event, so that a run that
 * was killed loses what was left of it and no run sends an event that another one sent.
 */
export async function* storyEvents(o: StoryEvents): AsyncGenerator<ReplayEvent, void, undefined> {
  const endMs = Date.parse(calendar.to) + dayMs
  for (let dayStart = Math.floor(o.fromMs / dayMs) * dayMs; dayStart < endMs; dayStart += dayMs) {
    const day = await flightsOf(o.dataFolder, dayStart)
    for (let sliceStart = dayStart; sliceStart < dayStart + dayMs; sliceStart += sliceMs) {
      if (sliceStart < o.fromMs) continue
      await o.reserve(sliceStart + sliceMs)
      const drill = o.drill()
      const broken = drill ? brokenFeed(drill) : (event: ReplayEvent) => event
      const slice = day.filter((e) => e.eventTimeMs >= sliceStart && e.eventTimeMs < sliceStart + sliceMs)
      for (const event of slice) {
        yield { ...broken(event), endpointId: o.mainId }
        if (isRegional(event)) {
          yield { ...broken(event), endpointId: o.regionalId, predictionId: `regional-${event.predictionId}` }
        }
      }
    }
  }
}

/** By the true distance: a broken feed does not change where a flight belongs. */
function isRegional({ features: { distance } }: ReplayEvent): boolean {
  return distance !== null && distance < regionalMilesMax
}

async function flightsOf(dataFolder: string, dayStartMs: number): Promise<ReplayEvent[]> {
  const name = dayName((dayStartMs - Date.parse('2001-01-01')) / dayMs)
  const flights: ReplayEvent[] = []
  for await (const event of replayDays({ dataFolder, from: name, to: name, sampledPerDay: flightsPerDay })) {
    flights.push(event)
  }
  return flights
}
