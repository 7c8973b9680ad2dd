/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The PCM state machine: which command takes a stream from where it is to where Windows wants it, in the only order
 * that the device allows. Pure: sends nothing itself. VIRTIO 1.x "Sound Device: PCM Command Lifecycle".
 * Layer: core. IRQL: any; guarded by its owner's lock.
 *
 *   Windows' states (KSSTATE)        the device
 *   STOP                             nothing, or released
 *   ACQUIRE, PAUSE before RUN        parameters set, prepared
 *   RUN                              started
 *   ACQUIRE, PAUSE after RUN         stopped: what is posted stays and goes on with the next RUN
 */
#ifndef SND_PCM_H
#define SND_PCM_H

#include "virtio_reason.h"
#include "virtio_snd_proto.h"

/* Same numbers as KSSTATE. */
typedef enum _SND_KS_STATE { SND_KS_STOP, SND_KS_ACQUIRE, SND_KS_PAUSE, SND_KS_RUN } SND_KS_STATE;

typedef enum _SND_PCM_STATE {
    SND_PCM_NONE,   /* as after reset, or released: parameters must be set */
    SND_PCM_PARAMS, /* parameters set */
    SND_PCM_PREPARED,
    SND_PCM_STARTED,
    SND_PCM_STOPPED
} SND_PCM_STATE;

typedef struct _SND_PCM {
    SND_PCM_STATE state; /* the device's, as far as it has answered */
    SND_KS_STATE wanted;
    UINT32 in_flight;  /* command that was sent and not answered; 0: none */
    BOOLEAN is_failed; /* a command was refused; only STOP is done any more, and clears it */
    BOOLEAN is_stuck;  /* not even RELEASE or STOP worked: only a reset of the device helps */
    UINT32 failed_command;
    UINT32 failed_code; /* VIRTIO_SND_S_* */
} SND_PCM;

/* Windows wants a state, in any order. Going to STOP forgives an earlier failure. */
VOID SndPcmWant(SND_PCM *pcm, SND_KS_STATE wanted);

/* The command to send next; 0: none, because one is on its way, the state is reached, or the stream failed. */
UINT32 SndPcmNext(const SND_PCM *pcm);

/* The command of SndPcmNext was sent. */
VOID SndPcmSent(SND_PCM *pcm, UINT32 command);

/* It was answered. code: VIRTIO_SND_S_*, any number. Returns: whether the answer was OK. Spec: SND-25, SND-29 */
BOOLEAN SndPcmAnswered(SND_PCM *pcm, UINT32 code);

/* The device was reset: what Windows wants is to be reached again from the beginning. */
VOID SndPcmReset(SND_PCM *pcm);

/* Whether the wanted state is reached and nothing is on its way. */
BOOLEAN SndPcmIsSettled(const SND_PCM *pcm);

#endif
