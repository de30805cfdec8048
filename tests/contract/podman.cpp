#include "tests/contract/podman.hpp"

#include <map>

namespace aim::contract_test {

namespace {

using Text = std::string_view;

constexpr Text kUpdate = "Podman 4.3 has no call to update a container";
constexpr Text kWords = "Podman says it in other words";
constexpr Text kCodes = "Podman refuses it as a failure of its own (500), whatever the cause";
constexpr Text kLoose = "Podman accepts what Docker refuses";
constexpr Text kVariables =
    "Podman adds PATH, TERM and container to the variables, and takes none of the image away";
constexpr Text kImageNames = "Podman shows images with the name of their registry";
constexpr Text kShown = "Podman does it and shows it otherwise";
constexpr Text kInit = "Podman needs the program catatonit for an init process";
constexpr Text kHealth =
    "Podman leaves health checks to timers of systemd, which does not run here";
constexpr Text kNetworks =
    "Podman keeps a network while a container uses it, and its name for itself";
constexpr Text kWait = "Podman knows no exit code of what never ran, or was removed";

constexpr Text kFiles =
    "Podman gives files that are put in to root, and none can be put where a running container "
    "does "
    "not see it";
constexpr Text kSharing =
    "Podman starts the container whose namespace is shared, and keeps it as long as it is";

constexpr Text kAnonymous =
    "Podman deletes a volume without a name with the last container that has it";

constexpr Text kSubnets =
    "Podman refuses a subnet that any network of the host has, and Docker beside it has this one";
constexpr Text kRequests = "Podman drops requests for GPUs without a word";

const std::map<Text, Text>& gaps() {
  static const std::map<Text, Text> kGaps = {
      {"AReadOnlyContainerTakesNoFiles", kLoose},
      {"AnAnonymousVolumeThatWasHandedOnStaysWithItsNextContainer", kAnonymous},
      {"BindOfAMissingPathIsInvalid", kLoose},
      {"ConnectingToNothingIsNotFound", kWords},
      {"ContainerInTheHostsNetworkJoinsNoOther", kCodes},
      {"CopiedFilesKeepOwnerAndModeAndComeBack", kFiles},
      {"CopyOfAMissingFileIsNotFound", kWords},
      {"CreateDoesNotPull", kWords},
      {"EnvironmentAndLabelsAreLaidOverThoseOfTheImage", kVariables},
      {"FailingChecksMakeItUnhealthyAndItRunsOn", kHealth},
      {"FilesReplaceThoseOfARunningContainer", kFiles},
      {"FixedAddressNeedsASubnetOfTheUsers", kCodes},
      {"GpusAreOneRequest", kRequests},
      {"HardwareAndLimitsAreShownAsAskedFor", kWords},
      {"HealthIsStartingThenHealthyAndUnhealthyOnceStopped", kHealth},
      {"ImageIsInspectedByTagAndId", kImageNames},
      {"ImageThatIsUsedCannotBeRemoved", kLoose},
      {"InfoSaysWhichEngineItIs", kWords},
      {"IpcOfTheHostBringsASecurityOptionWithIt", kShown},
      {"LimitsThatCanBeTakenAwayAreTakenAway", kUpdate},
      {"ListShowsEveryContainerWithItsState", kImageNames},
      {"LogOfDriverNoneCannotBeRead", kCodes},
      {"MissingContainerIsNotFound", kWords},
      {"MissingDeviceIsSeenAtStart", kCodes},
      {"MissingProgramIsSeenAtStart", kCodes},
      {"MissingVolumeIsMadeByTheContainerWithoutLabels", kShown},
      {"MountsAreShownAsTheyWereAskedFor", kShown},
      {"MountsAreShownWithTheirOptions", kShown},
      {"NetworkCanBeTakenFromUnderAStoppedContainerWhichThenCannotStart", kNetworks},
      {"NetworkOfARunningContainerCannotBeRemoved", kWords},
      {"NetworksHavePoolsOfBothFamilies", kSubnets},
      {"NetworksThatDockerCannotAddressAreRefused", kLoose},
      {"OneNetworkMakesWayForAnotherUnderARunningContainer", kShown},
      {"OverlappingSubnetIsAConflict", kWords},
      {"PausedContainerCannotBeStarted", kWords},
      {"PortOfAnotherContainerIsAConflictAtStart", kWords},
      {"PortThatIsNotExposedIsNotBound", kShown},
      {"PredefinedNetworkCannotBeMadeOrRemoved", kCodes},
      {"RunningContainerIsRemovedOnlyByForce", kWords},
      {"SettingsAreShownAsTheyWereAskedFor", kInit},
      {"SettingsThatMakeNoSenseAreInvalid", kLoose},
      {"ShortNameIsInvalid", kLoose},
      {"StoppedContainerCannotBeUnpaused", kWords},
      {"TimestampsComeBeforeEachLine", kShown},
      {"TwoNetworksOfOneNameAreAmbiguous", kNetworks},
      {"UnknownDriverIsNotFound", kCodes},
      {"UpdateBelowTheMinimumIsInvalid", kUpdate},
      {"UpdateChangesLimitsAndPolicyInPlace", kUpdate},
      {"UpdateOfAMissingContainerIsNotFound", kUpdate},
      {"UpdateOfARunningContainerDoesNotRestartIt", kUpdate},
      {"VariableWithoutValueTakesTheImagesAway", kVariables},
      {"VolumeOfAStoppedContainerCannotBeRemoved", kWords},
      {"VolumeWithUnknownOptionIsInvalid", kCodes},
      {"WaitEndsWhenTheContainerIsRemovedByForce", kWait},
      {"WaitForWhatDoesNotRunIsOverAtOnce", kWait},
      {"WhatNoHostHasIsRefusedAtOnce", kLoose},
      {"WhatTheRuntimeDoesNotTakeIsRefusedAtTheStart", kWords},
      {"WhoSharesANetworkNeedsTheOtherToRun", kSharing},
      {"WhoSharesIpcNeedsOneThatIsShareable", kWords}};
  return kGaps;
}

}  // namespace

Text podman_gap(Text test) {
  const auto found = gaps().find(test);
  return found == gaps().end() ? Text() : found->second;
}

std::vector<Text> tests_with_podman_gaps() {
  std::vector<Text> tests;
  for (const auto& [test, why] : gaps()) {
    tests.push_back(test);
  }
  return tests;
}

}  // namespace aim::contract_test
