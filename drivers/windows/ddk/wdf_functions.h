/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The function table of KMDF 1.9, in the box of Windows 7: a driver calls the framework through it, by index. The table only
 * grew at its end, so these indices hold for every later 1.x framework too. Held against abi/ by check-win7-tables.py.
 */
#ifndef AERO_DDK_WDF_FUNCTIONS_H
#define AERO_DDK_WDF_FUNCTIONS_H

/* F(name) for every entry, in order. */
#define WDF_FUNCTIONS(F) \
    F(WdfChildListCreate) F(WdfChildListGetDevice) F(WdfChildListRetrievePdo)                                        \
    F(WdfChildListRetrieveAddressDescription) F(WdfChildListBeginScan) F(WdfChildListEndScan)                        \
    F(WdfChildListBeginIteration) F(WdfChildListRetrieveNextDevice) F(WdfChildListEndIteration)                      \
    F(WdfChildListAddOrUpdateChildDescriptionAsPresent) F(WdfChildListUpdateChildDescriptionAsMissing)               \
    F(WdfChildListUpdateAllChildDescriptionsAsPresent) F(WdfChildListRequestChildEject) F(WdfCollectionCreate)       \
    F(WdfCollectionGetCount) F(WdfCollectionAdd) F(WdfCollectionRemove) F(WdfCollectionRemoveItem)                   \
    F(WdfCollectionGetItem) F(WdfCollectionGetFirstItem) F(WdfCollectionGetLastItem) F(WdfCommonBufferCreate)        \
    F(WdfCommonBufferGetAlignedVirtualAddress) F(WdfCommonBufferGetAlignedLogicalAddress)                            \
    F(WdfCommonBufferGetLength) F(WdfControlDeviceInitAllocate) F(WdfControlDeviceInitSetShutdownNotification)       \
    F(WdfControlFinishInitializing) F(WdfDeviceGetDeviceState) F(WdfDeviceSetDeviceState)                            \
    F(WdfWdmDeviceGetWdfDeviceHandle) F(WdfDeviceWdmGetDeviceObject) F(WdfDeviceWdmGetAttachedDevice)                \
    F(WdfDeviceWdmGetPhysicalDevice) F(WdfDeviceWdmDispatchPreprocessedIrp)                                          \
    F(WdfDeviceAddDependentUsageDeviceObject) F(WdfDeviceAddRemovalRelationsPhysicalDevice)                          \
    F(WdfDeviceRemoveRemovalRelationsPhysicalDevice) F(WdfDeviceClearRemovalRelationsDevices) F(WdfDeviceGetDriver)  \
    F(WdfDeviceRetrieveDeviceName) F(WdfDeviceAssignMofResourceName) F(WdfDeviceGetIoTarget)                         \
    F(WdfDeviceGetDevicePnpState) F(WdfDeviceGetDevicePowerState) F(WdfDeviceGetDevicePowerPolicyState)              \
    F(WdfDeviceAssignS0IdleSettings) F(WdfDeviceAssignSxWakeSettings) F(WdfDeviceOpenRegistryKey)                    \
    F(WdfDeviceSetSpecialFileSupport) F(WdfDeviceSetCharacteristics) F(WdfDeviceGetCharacteristics)                  \
    F(WdfDeviceGetAlignmentRequirement) F(WdfDeviceSetAlignmentRequirement) F(WdfDeviceInitFree)                     \
    F(WdfDeviceInitSetPnpPowerEventCallbacks) F(WdfDeviceInitSetPowerPolicyEventCallbacks)                           \
    F(WdfDeviceInitSetPowerPolicyOwnership) F(WdfDeviceInitRegisterPnpStateChangeCallback)                           \
    F(WdfDeviceInitRegisterPowerStateChangeCallback) F(WdfDeviceInitRegisterPowerPolicyStateChangeCallback)          \
    F(WdfDeviceInitSetIoType) F(WdfDeviceInitSetExclusive) F(WdfDeviceInitSetPowerNotPageable)                       \
    F(WdfDeviceInitSetPowerPageable) F(WdfDeviceInitSetPowerInrush) F(WdfDeviceInitSetDeviceType)                    \
    F(WdfDeviceInitAssignName) F(WdfDeviceInitAssignSDDLString) F(WdfDeviceInitSetDeviceClass)                       \
    F(WdfDeviceInitSetCharacteristics) F(WdfDeviceInitSetFileObjectConfig) F(WdfDeviceInitSetRequestAttributes)      \
    F(WdfDeviceInitAssignWdmIrpPreprocessCallback) F(WdfDeviceInitSetIoInCallerContextCallback) F(WdfDeviceCreate)   \
    F(WdfDeviceSetStaticStopRemove) F(WdfDeviceCreateDeviceInterface) F(WdfDeviceSetDeviceInterfaceState)            \
    F(WdfDeviceRetrieveDeviceInterfaceString) F(WdfDeviceCreateSymbolicLink) F(WdfDeviceQueryProperty)               \
    F(WdfDeviceAllocAndQueryProperty) F(WdfDeviceSetPnpCapabilities) F(WdfDeviceSetPowerCapabilities)                \
    F(WdfDeviceSetBusInformationForChildren) F(WdfDeviceIndicateWakeStatus) F(WdfDeviceSetFailed)                    \
    F(WdfDeviceStopIdleNoTrack) F(WdfDeviceResumeIdleNoTrack) F(WdfDeviceGetFileObject) F(WdfDeviceEnqueueRequest)   \
    F(WdfDeviceGetDefaultQueue) F(WdfDeviceConfigureRequestDispatching) F(WdfDmaEnablerCreate)                       \
    F(WdfDmaEnablerGetMaximumLength) F(WdfDmaEnablerGetMaximumScatterGatherElements)                                 \
    F(WdfDmaEnablerSetMaximumScatterGatherElements) F(WdfDmaTransactionCreate) F(WdfDmaTransactionInitialize)        \
    F(WdfDmaTransactionInitializeUsingRequest) F(WdfDmaTransactionExecute) F(WdfDmaTransactionRelease)               \
    F(WdfDmaTransactionDmaCompleted) F(WdfDmaTransactionDmaCompletedWithLength)                                      \
    F(WdfDmaTransactionDmaCompletedFinal) F(WdfDmaTransactionGetBytesTransferred)                                    \
    F(WdfDmaTransactionSetMaximumLength) F(WdfDmaTransactionGetRequest)                                              \
    F(WdfDmaTransactionGetCurrentDmaTransferLength) F(WdfDmaTransactionGetDevice) F(WdfDpcCreate) F(WdfDpcEnqueue)   \
    F(WdfDpcCancel) F(WdfDpcGetParentObject) F(WdfDpcWdmGetDpc) F(WdfDriverCreate) F(WdfDriverGetRegistryPath)       \
    F(WdfDriverWdmGetDriverObject) F(WdfDriverOpenParametersRegistryKey) F(WdfWdmDriverGetWdfDriverHandle)           \
    F(WdfDriverRegisterTraceInfo) F(WdfDriverRetrieveVersionString) F(WdfDriverIsVersionAvailable)                   \
    F(WdfFdoInitWdmGetPhysicalDevice) F(WdfFdoInitOpenRegistryKey) F(WdfFdoInitQueryProperty)                        \
    F(WdfFdoInitAllocAndQueryProperty) F(WdfFdoInitSetEventCallbacks) F(WdfFdoInitSetFilter)                         \
    F(WdfFdoInitSetDefaultChildListConfig) F(WdfFdoQueryForInterface) F(WdfFdoGetDefaultChildList)                   \
    F(WdfFdoAddStaticChild) F(WdfFdoLockStaticChildListForIteration) F(WdfFdoRetrieveNextStaticChild)                \
    F(WdfFdoUnlockStaticChildListFromIteration) F(WdfFileObjectGetFileName) F(WdfFileObjectGetFlags)                 \
    F(WdfFileObjectGetDevice) F(WdfFileObjectWdmGetFileObject) F(WdfInterruptCreate) F(WdfInterruptQueueDpcForIsr)   \
    F(WdfInterruptSynchronize) F(WdfInterruptAcquireLock) F(WdfInterruptReleaseLock) F(WdfInterruptEnable)           \
    F(WdfInterruptDisable) F(WdfInterruptWdmGetInterrupt) F(WdfInterruptGetInfo) F(WdfInterruptSetPolicy)            \
    F(WdfInterruptGetDevice) F(WdfIoQueueCreate) F(WdfIoQueueGetState) F(WdfIoQueueStart) F(WdfIoQueueStop)          \
    F(WdfIoQueueStopSynchronously) F(WdfIoQueueGetDevice) F(WdfIoQueueRetrieveNextRequest)                           \
    F(WdfIoQueueRetrieveRequestByFileObject) F(WdfIoQueueFindRequest) F(WdfIoQueueRetrieveFoundRequest)              \
    F(WdfIoQueueDrainSynchronously) F(WdfIoQueueDrain) F(WdfIoQueuePurgeSynchronously) F(WdfIoQueuePurge)            \
    F(WdfIoQueueReadyNotify) F(WdfIoTargetCreate) F(WdfIoTargetOpen) F(WdfIoTargetCloseForQueryRemove)               \
    F(WdfIoTargetClose) F(WdfIoTargetStart) F(WdfIoTargetStop) F(WdfIoTargetGetState) F(WdfIoTargetGetDevice)        \
    F(WdfIoTargetQueryTargetProperty) F(WdfIoTargetAllocAndQueryTargetProperty) F(WdfIoTargetQueryForInterface)      \
    F(WdfIoTargetWdmGetTargetDeviceObject) F(WdfIoTargetWdmGetTargetPhysicalDevice)                                  \
    F(WdfIoTargetWdmGetTargetFileObject) F(WdfIoTargetWdmGetTargetFileHandle) F(WdfIoTargetSendReadSynchronously)    \
    F(WdfIoTargetFormatRequestForRead) F(WdfIoTargetSendWriteSynchronously) F(WdfIoTargetFormatRequestForWrite)      \
    F(WdfIoTargetSendIoctlSynchronously) F(WdfIoTargetFormatRequestForIoctl)                                         \
    F(WdfIoTargetSendInternalIoctlSynchronously) F(WdfIoTargetFormatRequestForInternalIoctl)                         \
    F(WdfIoTargetSendInternalIoctlOthersSynchronously) F(WdfIoTargetFormatRequestForInternalIoctlOthers)             \
    F(WdfMemoryCreate) F(WdfMemoryCreatePreallocated) F(WdfMemoryGetBuffer) F(WdfMemoryAssignBuffer)                 \
    F(WdfMemoryCopyToBuffer) F(WdfMemoryCopyFromBuffer) F(WdfLookasideListCreate) F(WdfMemoryCreateFromLookaside)    \
    F(WdfDeviceMiniportCreate) F(WdfDriverMiniportUnload) F(WdfObjectGetTypedContextWorker)                          \
    F(WdfObjectAllocateContext) F(WdfObjectContextGetObject) F(WdfObjectReferenceActual)                             \
    F(WdfObjectDereferenceActual) F(WdfObjectCreate) F(WdfObjectDelete) F(WdfObjectQuery) F(WdfPdoInitAllocate)      \
    F(WdfPdoInitSetEventCallbacks) F(WdfPdoInitAssignDeviceID) F(WdfPdoInitAssignInstanceID)                         \
    F(WdfPdoInitAddHardwareID) F(WdfPdoInitAddCompatibleID) F(WdfPdoInitAddDeviceText)                               \
    F(WdfPdoInitSetDefaultLocale) F(WdfPdoInitAssignRawDevice) F(WdfPdoMarkMissing) F(WdfPdoRequestEject)            \
    F(WdfPdoGetParent) F(WdfPdoRetrieveIdentificationDescription) F(WdfPdoRetrieveAddressDescription)                \
    F(WdfPdoUpdateAddressDescription) F(WdfPdoAddEjectionRelationsPhysicalDevice)                                    \
    F(WdfPdoRemoveEjectionRelationsPhysicalDevice) F(WdfPdoClearEjectionRelationsDevices)                            \
    F(WdfDeviceAddQueryInterface) F(WdfRegistryOpenKey) F(WdfRegistryCreateKey) F(WdfRegistryClose)                  \
    F(WdfRegistryWdmGetHandle) F(WdfRegistryRemoveKey) F(WdfRegistryRemoveValue) F(WdfRegistryQueryValue)            \
    F(WdfRegistryQueryMemory) F(WdfRegistryQueryMultiString) F(WdfRegistryQueryUnicodeString)                        \
    F(WdfRegistryQueryString) F(WdfRegistryQueryULong) F(WdfRegistryAssignValue) F(WdfRegistryAssignMemory)          \
    F(WdfRegistryAssignMultiString) F(WdfRegistryAssignUnicodeString) F(WdfRegistryAssignString)                     \
    F(WdfRegistryAssignULong) F(WdfRequestCreate) F(WdfRequestCreateFromIrp) F(WdfRequestReuse)                      \
    F(WdfRequestChangeTarget) F(WdfRequestFormatRequestUsingCurrentType) F(WdfRequestWdmFormatUsingStackLocation)    \
    F(WdfRequestSend) F(WdfRequestGetStatus) F(WdfRequestMarkCancelable) F(WdfRequestUnmarkCancelable)               \
    F(WdfRequestIsCanceled) F(WdfRequestCancelSentRequest) F(WdfRequestIsFrom32BitProcess)                           \
    F(WdfRequestSetCompletionRoutine) F(WdfRequestGetCompletionParams) F(WdfRequestAllocateTimer)                    \
    F(WdfRequestComplete) F(WdfRequestCompleteWithPriorityBoost) F(WdfRequestCompleteWithInformation)                \
    F(WdfRequestGetParameters) F(WdfRequestRetrieveInputMemory) F(WdfRequestRetrieveOutputMemory)                    \
    F(WdfRequestRetrieveInputBuffer) F(WdfRequestRetrieveOutputBuffer) F(WdfRequestRetrieveInputWdmMdl)              \
    F(WdfRequestRetrieveOutputWdmMdl) F(WdfRequestRetrieveUnsafeUserInputBuffer)                                     \
    F(WdfRequestRetrieveUnsafeUserOutputBuffer) F(WdfRequestSetInformation) F(WdfRequestGetInformation)              \
    F(WdfRequestGetFileObject) F(WdfRequestProbeAndLockUserBufferForRead)                                            \
    F(WdfRequestProbeAndLockUserBufferForWrite) F(WdfRequestGetRequestorMode) F(WdfRequestForwardToIoQueue)          \
    F(WdfRequestGetIoQueue) F(WdfRequestRequeue) F(WdfRequestStopAcknowledge) F(WdfRequestWdmGetIrp)                 \
    F(WdfIoResourceRequirementsListSetSlotNumber) F(WdfIoResourceRequirementsListSetInterfaceType)                   \
    F(WdfIoResourceRequirementsListAppendIoResList) F(WdfIoResourceRequirementsListInsertIoResList)                  \
    F(WdfIoResourceRequirementsListGetCount) F(WdfIoResourceRequirementsListGetIoResList)                            \
    F(WdfIoResourceRequirementsListRemove) F(WdfIoResourceRequirementsListRemoveByIoResList)                         \
    F(WdfIoResourceListCreate) F(WdfIoResourceListAppendDescriptor) F(WdfIoResourceListInsertDescriptor)             \
    F(WdfIoResourceListUpdateDescriptor) F(WdfIoResourceListGetCount) F(WdfIoResourceListGetDescriptor)              \
    F(WdfIoResourceListRemove) F(WdfIoResourceListRemoveByDescriptor) F(WdfCmResourceListAppendDescriptor)           \
    F(WdfCmResourceListInsertDescriptor) F(WdfCmResourceListGetCount) F(WdfCmResourceListGetDescriptor)              \
    F(WdfCmResourceListRemove) F(WdfCmResourceListRemoveByDescriptor) F(WdfStringCreate)                             \
    F(WdfStringGetUnicodeString) F(WdfObjectAcquireLock) F(WdfObjectReleaseLock) F(WdfWaitLockCreate)                \
    F(WdfWaitLockAcquire) F(WdfWaitLockRelease) F(WdfSpinLockCreate) F(WdfSpinLockAcquire) F(WdfSpinLockRelease)     \
    F(WdfTimerCreate) F(WdfTimerStart) F(WdfTimerStop) F(WdfTimerGetParentObject) F(WdfUsbTargetDeviceCreate)        \
    F(WdfUsbTargetDeviceRetrieveInformation) F(WdfUsbTargetDeviceGetDeviceDescriptor)                                \
    F(WdfUsbTargetDeviceRetrieveConfigDescriptor) F(WdfUsbTargetDeviceQueryString)                                   \
    F(WdfUsbTargetDeviceAllocAndQueryString) F(WdfUsbTargetDeviceFormatRequestForString)                             \
    F(WdfUsbTargetDeviceGetNumInterfaces) F(WdfUsbTargetDeviceSelectConfig)                                          \
    F(WdfUsbTargetDeviceWdmGetConfigurationHandle) F(WdfUsbTargetDeviceRetrieveCurrentFrameNumber)                   \
    F(WdfUsbTargetDeviceSendControlTransferSynchronously) F(WdfUsbTargetDeviceFormatRequestForControlTransfer)       \
    F(WdfUsbTargetDeviceIsConnectedSynchronous) F(WdfUsbTargetDeviceResetPortSynchronously)                          \
    F(WdfUsbTargetDeviceCyclePortSynchronously) F(WdfUsbTargetDeviceFormatRequestForCyclePort)                       \
    F(WdfUsbTargetDeviceSendUrbSynchronously) F(WdfUsbTargetDeviceFormatRequestForUrb)                               \
    F(WdfUsbTargetPipeGetInformation) F(WdfUsbTargetPipeIsInEndpoint) F(WdfUsbTargetPipeIsOutEndpoint)               \
    F(WdfUsbTargetPipeGetType) F(WdfUsbTargetPipeSetNoMaximumPacketSizeCheck) F(WdfUsbTargetPipeWriteSynchronously)  \
    F(WdfUsbTargetPipeFormatRequestForWrite) F(WdfUsbTargetPipeReadSynchronously)                                    \
    F(WdfUsbTargetPipeFormatRequestForRead) F(WdfUsbTargetPipeConfigContinuousReader)                                \
    F(WdfUsbTargetPipeAbortSynchronously) F(WdfUsbTargetPipeFormatRequestForAbort)                                   \
    F(WdfUsbTargetPipeResetSynchronously) F(WdfUsbTargetPipeFormatRequestForReset)                                   \
    F(WdfUsbTargetPipeSendUrbSynchronously) F(WdfUsbTargetPipeFormatRequestForUrb)                                   \
    F(WdfUsbInterfaceGetInterfaceNumber) F(WdfUsbInterfaceGetNumEndpoints) F(WdfUsbInterfaceGetDescriptor)           \
    F(WdfUsbInterfaceSelectSetting) F(WdfUsbInterfaceGetEndpointInformation) F(WdfUsbTargetDeviceGetInterface)       \
    F(WdfUsbInterfaceGetConfiguredSettingIndex) F(WdfUsbInterfaceGetNumConfiguredPipes)                              \
    F(WdfUsbInterfaceGetConfiguredPipe) F(WdfUsbTargetPipeWdmGetPipeHandle) F(WdfVerifierDbgBreakPoint)              \
    F(WdfVerifierKeBugCheck) F(WdfWmiProviderCreate) F(WdfWmiProviderGetDevice) F(WdfWmiProviderIsEnabled)           \
    F(WdfWmiProviderGetTracingHandle) F(WdfWmiInstanceCreate) F(WdfWmiInstanceRegister) F(WdfWmiInstanceDeregister)  \
    F(WdfWmiInstanceGetDevice) F(WdfWmiInstanceGetProvider) F(WdfWmiInstanceFireEvent) F(WdfWorkItemCreate)          \
    F(WdfWorkItemEnqueue) F(WdfWorkItemGetParentObject) F(WdfWorkItemFlush) F(WdfCommonBufferCreateWithConfig)       \
    F(WdfDmaEnablerGetFragmentLength) F(WdfDmaEnablerWdmGetDmaAdapter) F(WdfUsbInterfaceGetNumSettings)              \
    F(WdfDeviceRemoveDependentUsageDeviceObject) F(WdfDeviceGetSystemPowerAction) F(WdfInterruptSetExtendedPolicy)   \
    F(WdfIoQueueAssignForwardProgressPolicy) F(WdfPdoInitAssignContainerID)                                          \
    F(WdfPdoInitAllowForwardingRequestToParent) F(WdfRequestMarkCancelableEx) F(WdfRequestIsReserved)                \
    F(WdfRequestForwardToParentDeviceIoQueue)

#define WDF_TABLE_INDEX(name) name##TableIndex,
typedef enum _WDFFUNCENUM { WDF_FUNCTIONS(WDF_TABLE_INDEX) WdfFunctionTableNumEntries } WDFFUNCENUM;

#endif
