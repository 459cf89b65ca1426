# SPDX-License-Identifier: Apache-2.0
# Read by CPack when it starts: adds to each package what scripts/package found out that its files
# need of other packages, in the files named by component in CPACK_ZURT_NEEDS.
if(NOT CPACK_ZURT_NEEDS)
  message(FATAL_ERROR "scripts/package deb-ARCH makes the packages: it knows what they need")
endif()
foreach(component library runtime compiler swemu)
  string(TOUPPER ${component} upper)
  if(EXISTS ${CPACK_ZURT_NEEDS}/${component})
    file(STRINGS ${CPACK_ZURT_NEEDS}/${component} needs)
    set(all ${CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS} ${needs})
    string(REPLACE ";" ", " CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${all}")
  endif()
endforeach()
