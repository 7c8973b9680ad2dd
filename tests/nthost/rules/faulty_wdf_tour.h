/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The parts of KMDF that faulty_wdf.c does not use for its work, each used once as it should be. */
#ifndef FAULTY_WDF_TOUR_H
#define FAULTY_WDF_TOUR_H

/* In EvtDriverDeviceAdd. Returns 0, or the number of the step that did not do what KMDF's pages say. */
ULONG FaultyTour(WDFDEVICE device);

/* In EvtDevicePrepareHardware, likewise: what an interrupt says of itself once it is granted. */
ULONG FaultyTourInterrupt(WDFINTERRUPT interrupt);

#endif
