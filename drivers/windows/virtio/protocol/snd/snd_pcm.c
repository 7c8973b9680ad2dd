/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The PCM state machine. Layer: core. IRQL: any. */
#include "snd_pcm.h"

VOID SndPcmWant(SND_PCM *pcm, SND_KS_STATE wanted)
{
    pcm->wanted = wanted;
    if (wanted == SND_KS_STOP && !pcm->is_stuck)
        pcm->is_failed = FALSE;
    if (wanted == SND_KS_STOP && pcm->state == SND_PCM_PARAMS && pcm->in_flight == 0)
        pcm->state = SND_PCM_NONE; /* nothing to release; the next parameters may be others */
}

UINT32 SndPcmNext(const SND_PCM *pcm)
{
    if (pcm->in_flight != 0 || pcm->is_failed || pcm->is_stuck)
        return 0;
    switch (pcm->state) {
    case SND_PCM_NONE:
        return pcm->wanted != SND_KS_STOP ? VIRTIO_SND_R_PCM_SET_PARAMS : 0;
    case SND_PCM_PARAMS:
        return pcm->wanted != SND_KS_STOP ? VIRTIO_SND_R_PCM_PREPARE : 0;
    case SND_PCM_STARTED:
        return pcm->wanted != SND_KS_RUN ? VIRTIO_SND_R_PCM_STOP : 0;
    default: /* PREPARED, STOPPED */
        if (pcm->wanted == SND_KS_RUN)
            return VIRTIO_SND_R_PCM_START;
        return pcm->wanted == SND_KS_STOP ? VIRTIO_SND_R_PCM_RELEASE : 0;
    }
}

VOID SndPcmSent(SND_PCM *pcm, UINT32 command)
{
    pcm->in_flight = command;
}

BOOLEAN SndPcmAnswered(SND_PCM *pcm, UINT32 code)
{
    UINT32 command = pcm->in_flight;

    pcm->in_flight = 0;
    if (code != VIRTIO_SND_S_OK) {
        pcm->is_stuck = command == VIRTIO_SND_R_PCM_STOP || command == VIRTIO_SND_R_PCM_RELEASE;
        pcm->is_failed = pcm->is_stuck || pcm->wanted != SND_KS_STOP; /* else what there is, is released */
        pcm->failed_command = command;
        pcm->failed_code = code;
        return FALSE;
    }
    switch (command) {
    case VIRTIO_SND_R_PCM_SET_PARAMS:
        pcm->state = pcm->wanted != SND_KS_STOP ? SND_PCM_PARAMS : SND_PCM_NONE;
        break;
    case VIRTIO_SND_R_PCM_PREPARE:
        pcm->state = SND_PCM_PREPARED;
        break;
    case VIRTIO_SND_R_PCM_START:
        pcm->state = SND_PCM_STARTED;
        break;
    case VIRTIO_SND_R_PCM_STOP:
        pcm->state = SND_PCM_STOPPED;
        break;
    default: /* RELEASE */
        pcm->state = SND_PCM_NONE;
        break;
    }
    return TRUE;
}

VOID SndPcmReset(SND_PCM *pcm)
{
    pcm->state = SND_PCM_NONE;
    pcm->in_flight = 0;
    pcm->is_stuck = FALSE;
    if (pcm->wanted == SND_KS_STOP)
        pcm->is_failed = FALSE;
}

BOOLEAN SndPcmIsSettled(const SND_PCM *pcm)
{
    return pcm->in_flight == 0 && SndPcmNext(pcm) == 0;
}
