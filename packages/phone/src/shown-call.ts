import type { CallEnd, CallView, ParticipantView } from '@ringfence/call-machine';
import type { MediaKinds } from '@ringfence/call-rules';
import type { MediaSession, Quality } from '@ringfence/media';
import type { Call } from './call.ts';

/** What a call shows, read off the view of its machine and off its media. */
export abstract class ShownCall {
  protected view!: CallView;
  /** Missing where the engine could not make one. */
  protected session: MediaSession | undefined;

  get id(): string {
    return this.view.callId;
  }

  get direction(): 'outgoing' | 'incoming' {
    return this.view.direction;
  }

  get peer(): Call['peer'] {
    return this.view.peer;
  }

  get participants(): readonly ParticipantView[] {
    return this.view.participants;
  }

  get role(): Call['role'] {
    return this.view.role;
  }

  get via(): Call['via'] {
    return this.view.via;
  }

  get requests(): Call['requests'] {
    return this.view.requests;
  }

  get media(): MediaKinds {
    return this.view.media;
  }

  get state(): Call['state'] {
    return this.view.state;
  }

  get holding(): Call['holding'] {
    return this.view.holding;
  }

  get muted(): boolean {
    return this.view.muted;
  }

  get camera(): boolean {
    return this.view.camera;
  }

  get peerMuted(): boolean {
    return this.view.peerMuted;
  }

  get peerCamera(): boolean {
    return this.view.peerCamera;
  }

  get end(): CallEnd | null {
    return this.view.end;
  }

  get localStream(): MediaStream | null {
    return this.session?.localStream ?? null;
  }

  get remoteStream(): MediaStream | null {
    return this.session?.remoteStream ?? null;
  }

  get audioOutput(): string {
    return this.session?.audioOutput ?? '';
  }

  get quality(): Quality | null {
    return this.session?.quality ?? null;
  }
}
