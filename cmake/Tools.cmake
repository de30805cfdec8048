# ccache and mold are used where they are found and never required.
find_program(AIM_CCACHE ccache)
if(AIM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${AIM_CCACHE})
endif()
find_program(AIM_MOLD mold)
if(AIM_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()
