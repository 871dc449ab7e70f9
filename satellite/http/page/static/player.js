// The voice on the audio thread: a ring of samples that arrive in bursts and leave without gaps.

const SECONDS = 8; // of sound that the ring holds; the server sends 1.5 s in advance
const START = 0.06; // seconds of sound before it starts
const SOON = 0.08; // seconds after which it starts in any case: some sounds are shorter
const GAP = 0.5; // seconds of silence up to which a sound that goes on was torn
const REPORT = 0.1; // seconds between two reports

class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ring = new Float32Array(SECONDS * sampleRate);
    this.read = this.count = this.played = this.gaps = this.epoch = 0;
    this.playing = false;
    this.since = 0; // frame at which the first sample came while nothing played
    this.dry = -1; // frame at which the sound ran out
    this.reported = 0;
    this.port.onmessage = ({data}) => (data.sound ? this.take(new Int16Array(data.sound)) : this.hush(data.epoch));
  }

  hush(epoch) {
    this.count = this.played = 0;
    this.epoch = epoch;
    this.playing = false;
    this.dry = -1;
    this.report();
  }

  take(samples) {
    if (!this.playing && !this.count) this.since = currentFrame;
    const size = this.ring.length;
    const room = Math.min(samples.length, size - this.count);
    for (let i = 0; i < room; i++) this.ring[(this.read + this.count + i) % size] = samples[i] / 32768;
    this.count += room;
    this.played += samples.length - room; // what found no room is lost, and counts as played
  }

  process(inputs, [output]) {
    const channel = output[0];
    if (!this.playing && this.count) {
      const enough = this.count >= START * sampleRate || currentFrame - this.since >= SOON * sampleRate;
      if (enough) {
        this.playing = true;
        if (this.dry >= 0 && currentFrame - this.dry < GAP * sampleRate) this.gaps++;
      }
    }
    if (!this.playing) return true;
    const amount = Math.min(channel.length, this.count);
    let power = 0;
    for (let i = 0; i < amount; i++) {
      const sample = this.ring[(this.read + i) % this.ring.length];
      channel[i] = sample;
      power += sample * sample;
    }
    this.read = (this.read + amount) % this.ring.length;
    this.count -= amount;
    this.played += amount;
    this.level = Math.sqrt(power / channel.length);
    if (!this.count) {
      this.playing = false;
      this.dry = currentFrame + amount;
      this.level = 0;
    }
    if (!this.playing || currentFrame - this.reported >= REPORT * sampleRate) this.report();
    return true;
  }

  report() {
    this.reported = currentFrame;
    const {epoch, played, gaps, level, playing} = this;
    this.port.postMessage({epoch, samples: played, gaps, level: level || 0, playing});
  }
}

registerProcessor("player", Player);
