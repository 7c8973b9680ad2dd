# SPDX-License-Identifier: MIT OR Apache-2.0
# Sound: the rules, and the host's own client with a driver that plays to itself.
set(ALONE TRUE)
set(FAULTY_SND ${AERO_DRIVERS}/test/${ARCH}/faulty_snd.sys)
nthost_test(snd_rules snd_rules --nthost $<TARGET_FILE:nthost> --driver ${FAULTY_SND})
nthost_test(snd_honest_loop sound $<TARGET_FILE:nthost> ${FAULTY_SND} snd-loop -- --boot-argument honest)
nthost_test(snd_honest_loop_line sound $<TARGET_FILE:nthost> ${FAULTY_SND} snd-loop -- --boot-argument honest --messages 0)
nthost_test(snd_honest_life sound $<TARGET_FILE:nthost> ${FAULTY_SND} snd-life --seconds 60 -- --boot-argument honest)
if(ARCH STREQUAL amd64)
  add_test(NAME wav_check COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/wav_check.py --self-test)
  set_tests_properties(wav_check PROPERTIES LABELS ${LABEL} TIMEOUT 60)
endif()
