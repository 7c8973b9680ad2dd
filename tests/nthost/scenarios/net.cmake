# SPDX-License-Identifier: MIT OR Apache-2.0
# NDIS: the framework's rules, then each card alone, then real programs through it. The scenarios need root and make
# namespaces of their own names; transfers are shorter for the x86 driver.
# One way to run the host is enough for these: the kernel's where it runs 32-bit programs.
list(GET RUNNERS -1 RUNNERS)
set(NET ${AERO_DRIVERS}/${ARCH}/aerovnet.sys)
set(FAULTY_NET ${AERO_DRIVERS}/test/${ARCH}/faulty_net.sys)
nthost_test(net_rules rules --nthost $<TARGET_FILE:nthost> --driver ${FAULTY_NET} --framework ndis)
nthost_test(net_faults faults --nthost $<TARGET_FILE:nthost> --driver ${NET} --framework ndis)
if(ARCH STREQUAL amd64)
  set(MIB 200)
  set(SECONDS 2)
else()
  set(MIB 20)
  set(SECONDS 1)
endif()

# Devices, pairwise: machine, messages granted, properties of virtio-net-pci.
set(NET_DEVICES
  "q35:1:"
  "q35:0:disable-legacy=on"
  "pc:3:disable-legacy=on"
  "pc:0:event_idx=off"
  "q35:3:indirect_desc=off,mrg_rxbuf=off"
  "pc:1:mrg_rxbuf=off,event_idx=off"
  "q35:3:disable-legacy=on,rx_queue_size=1024,tx_queue_size=256,ctrl_vlan=off"
  "pc:0:ctrl_vq=off,indirect_desc=off"
  "q35:1:csum=off,guest_csum=off,host_tso4=off,host_tso6=off"
  "pc:1:vectors=0,disable-legacy=on"
  "q35:1:disable-legacy=on,iommu_platform=on")
set(number 0)
foreach(device ${NET_DEVICES})
  string(REPLACE ":" ";" parts "${device}")
  list(GET parts 0 machine)
  list(GET parts 1 messages)
  list(GET parts 2 props)
  math(EXPR number "${number} + 1")
  set(name "${number}_${machine}_${messages}_${props}")
  string(REGEX REPLACE "[^A-Za-z0-9_]" "_" name "${name}")
  math(EXPR preempt "${number} % 3 * 20")
  set(options --machine ${machine} --messages ${messages} --preempt ${preempt} --seed ${number})
  foreach(case net-info net-oids net-poke)
    string(REPLACE "-" "_" title ${case})
    nthost_test(${title}_${name} net_play $<TARGET_FILE:nthost> ${NET} ${case} --cards 2 "--props=${props}" -- ${options})
  endforeach()
  # The first devices carry the whole transfers, the others a tenth.
  set(mib ${MIB})
  if(number GREATER 2)
    math(EXPR mib "${MIB} / 10")
  endif()
  set(ALONE TRUE) # rates and losses are measured
  nthost_test(net_traffic_${name} net_traffic --nthost $<TARGET_FILE:nthost> --driver ${NET} --mib ${mib}
              --seconds ${SECONDS} "--props=${props}" ${options})
  set(ALONE FALSE)
  nthost_test(net_life_${name} net_life --nthost $<TARGET_FILE:nthost> --driver ${NET} "--props=${props}" --count 60
              ${options})
endforeach()
set(ALONE TRUE)
nthost_test(net_life net_life --nthost $<TARGET_FILE:nthost> --driver ${NET} --count 200)
nthost_test(net_two_cards net_traffic --nthost $<TARGET_FILE:nthost> --driver ${NET} --cards 2 --mib 20 --seconds 1)
nthost_test(net_merged net_traffic --nthost $<TARGET_FILE:nthost> --driver ${NET} --mib 20 --seconds 1 --mtu 9000
            --some "merged frames" --some "in several MDLs" --throttle 4 --preempt 20)
nthost_test(net_offloads net_traffic --nthost $<TARGET_FILE:nthost> --driver ${NET} --mib 20 --seconds 1
            --some "large sends" --some "checksums left" --some "checksum good" --some "segmented frames")
set(NO_LARGE --keyword *LsoV2IPv4=0 --keyword *LsoV2IPv6=0 --keyword *LsoV1IPv4=0)
nthost_test(net_no_large_send net_traffic --nthost $<TARGET_FILE:nthost> --driver ${NET} --mib 20 --seconds 1 ${NO_LARGE}
            --none "large sends" --some "checksums left")
nthost_test(net_no_offloads net_traffic --nthost $<TARGET_FILE:nthost> --driver ${NET} --mib 20 --seconds 1 ${NO_LARGE}
            --keyword *TCPChecksumOffloadIPv4=0 --keyword *TCPChecksumOffloadIPv6=0 --keyword *UDPChecksumOffloadIPv4=0
            --keyword *UDPChecksumOffloadIPv6=0 --keyword *IPChecksumOffloadIPv4=0
            --none "large sends" --none "checksums left" --none "checksum good")
nthost_test(net_refused_legacy net_play $<TARGET_FILE:nthost> ${NET} net-refused
            --props "disable-modern=on,disable-legacy=off" -- --machine pc)
