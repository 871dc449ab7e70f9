// The browser's microphone and loudspeaker.

import {beside} from "./place.js";

const IDLE = 20000; // milliseconds without a request after which the microphone is released

export class Loudspeaker {
  constructor(onReport) {
    this.onReport = onReport;
    this.epoch = 0;
    this.waiting = [];
  }

  // Browsers play only after a touch or a key: call this from its handler.
  async start(rate = 24000) {
    if (!self.AudioContext || !self.isSecureContext) return;
    if (!this.context) {
      this.context = new AudioContext({sampleRate: rate, latencyHint: "interactive"});
      this.ready = this.context.audioWorklet.addModule(beside("player.js")).then(() => {
        this.node = new AudioWorkletNode(this.context, "player", {numberOfInputs: 0, outputChannelCount: [1]});
        this.node.port.onmessage = ({data}) => this.onReport(data);
        this.node.connect(this.context.destination);
        this.node.port.postMessage({epoch: this.epoch});
        for (const sound of this.waiting.splice(0)) this.play(sound);
      });
    }
    if (this.context.state !== "running") await this.context.resume();
    await this.ready;
  }

  play(sound) {
    if (this.node) this.node.port.postMessage({sound}, [sound]);
    else if (this.waiting.length < 100) this.waiting.push(sound);
  }

  hush(epoch) {
    this.epoch = epoch;
    this.waiting = [];
    this.node?.port.postMessage({epoch});
  }

  // A new connection counts from the beginning.
  reset() {
    this.hush(0);
  }
}

export class Microphone {
  constructor(onSound, onLevel, onLost) {
    Object.assign(this, {onSound, onLevel, onLost});
    this.sending = false;
  }

  // Why there is no microphone at all; empty where there may be one.
  get obstacle() {
    if (!self.isSecureContext) return "insecure";
    return navigator.mediaDevices?.getUserMedia && self.AudioWorkletNode ? "" : "unsupported";
  }

  get open() {
    return Boolean(this.stream);
  }

  // Open the microphone. Throws an Error whose message is the key of the words that explain it.
  async start() {
    clearTimeout(this.timer);
    if (this.stream) return;
    this.opening ??= this.acquire().finally(() => (this.opening = null));
    await this.opening;
  }

  async acquire() {
    if (this.obstacle) throw new Error(this.obstacle);
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: {echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1},
      });
    } catch (error) {
      const causes = {NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "missing", NotReadableError: "busy", AbortError: "busy"};
      throw new Error(causes[error.name] ?? "busy", {cause: error});
    }
    this.context ??= new AudioContext({latencyHint: "interactive"});
    await this.context.resume();
    this.loaded ??= this.context.audioWorklet.addModule(beside("capture.js"));
    await this.loaded;
    this.node = new AudioWorkletNode(this.context, "capture", {numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit"});
    this.node.port.onmessage = ({data}) => {
      if (!this.sending) return;
      this.onSound(data.sound);
      this.onLevel(data.level);
    };
    this.source = this.context.createMediaStreamSource(stream);
    this.source.connect(this.node);
    stream.getAudioTracks()[0].onended = () => {
      this.close();
      this.onLost();
    };
    this.stream = stream;
    this.node.port.postMessage({open: this.sending});
  }

  // Send what is heard, or no longer; a microphone that is not used is released after a while.
  send(sending) {
    this.sending = sending;
    this.node?.port.postMessage({open: sending});
    clearTimeout(this.timer);
    if (!sending) {
      this.onLevel(0);
      this.timer = setTimeout(() => this.close(), IDLE);
    }
  }

  close() {
    clearTimeout(this.timer);
    this.sending = false;
    this.source?.disconnect();
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.stream = this.node = this.source = null;
    this.context?.suspend();
    this.onLevel(0);
  }
}
