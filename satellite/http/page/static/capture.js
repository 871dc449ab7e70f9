// The microphone on the audio thread: any rate becomes 16 kHz mono, in pieces of 32 ms.

const RATE = 16000;
const PIECE = 512; // samples of a piece: 32 ms, as voice detectors take them
const BEFORE = 10; // pieces from before the button was pressed: 0.3 s
const TAPS = 32; // of the low-pass filter, for each output sample

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = sampleRate / RATE;
    this.history = new Float32Array(0);
    this.position = 0; // of the next output sample, in input samples from the history's beginning
    this.piece = new Int16Array(PIECE);
    this.filled = 0;
    this.power = 0;
    this.waiting = [];
    this.open = false;
    this.taps = Math.ceil(TAPS * Math.max(1, this.step));
    this.port.onmessage = ({data}) => {
      this.open = data.open;
      if (this.open) for (const piece of this.waiting.splice(0)) this.deliver(piece, 0);
    };
  }

  process([input]) {
    const channel = input[0];
    if (!channel) return true;
    if (this.step === 1) {
      for (const sample of channel) this.put(sample);
      return true;
    }
    const sound = new Float32Array(this.history.length + channel.length);
    sound.set(this.history);
    sound.set(channel, this.history.length);
    while (this.position + this.taps < sound.length) {
      this.put(this.at(sound, this.position));
      this.position += this.step;
    }
    const used = Math.max(0, Math.floor(this.position) - this.taps);
    this.history = sound.slice(used);
    this.position -= used;
    return true;
  }

  // The sound at a place between its samples: a sinc below half of both rates, with Hann's window.
  at(sound, place) {
    const cut = Math.min(1, 1 / this.step) * 0.94;
    const first = Math.max(0, Math.ceil(place - this.taps));
    const last = Math.floor(place + this.taps);
    let sum = 0;
    for (let i = first; i <= last; i++) {
      const x = i - place;
      const wave = x === 0 ? cut : Math.sin(Math.PI * cut * x) / (Math.PI * x);
      sum += sound[i] * wave * (0.5 + 0.5 * Math.cos((Math.PI * x) / this.taps));
    }
    return sum;
  }

  put(sample) {
    const value = Math.max(-1, Math.min(1, sample));
    this.power += value * value;
    this.piece[this.filled++] = Math.round(value * 32767);
    if (this.filled < PIECE) return;
    const level = Math.sqrt(this.power / PIECE);
    if (this.open) this.deliver(this.piece, level);
    else {
      this.waiting.push(this.piece);
      if (this.waiting.length > BEFORE) this.waiting.shift();
    }
    this.piece = new Int16Array(PIECE);
    this.filled = this.power = 0;
  }

  deliver(piece, level) {
    this.port.postMessage({sound: piece.buffer, level}, [piece.buffer]);
  }
}

registerProcessor("capture", Capture);
