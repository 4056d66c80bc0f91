/** What a simulated connection is like, in both directions alike. */
export interface LinkProfile {
  /** Time of a packet from one end to the other, without `jitterMs`, in milliseconds. */
  readonly latencyMs: number;
  /** Added to each packet's time: uniform in 0..jitterMs. Packets do not overtake each other. */
  readonly jitterMs: number;
  /** Bytes that leave an end per millisecond; what does not fit waits there. */
  readonly bytesPerMs: number;
  /** Mean time after which the connection breaks, exponentially distributed; `Infinity`: never. */
  readonly meanLifeMs: number;
}

/**
 * - `lan`: two machines in one building: 0.4 ms there and back, 1 Gbit/s;
 * - `wan`: two cities of one country: 30 ms there and back, 100 Mbit/s, a break every six hours;
 * - `mobile`: a phone's network: 80 to 160 ms there and back, 8 Mbit/s, a break every five minutes.
 */
export const PROFILES = {
  lan: {
    latencyMs: 0.2,
    jitterMs: 0.05,
    bytesPerMs: 125_000,
    meanLifeMs: Number.POSITIVE_INFINITY,
  },
  wan: { latencyMs: 15, jitterMs: 2, bytesPerMs: 12_500, meanLifeMs: 6 * 3_600_000 },
  mobile: { latencyMs: 40, jitterMs: 40, bytesPerMs: 1_000, meanLifeMs: 300_000 },
} as const satisfies Readonly<Record<string, LinkProfile>>;

export type ProfileName = keyof typeof PROFILES;
