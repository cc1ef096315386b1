// Takes offline bundles from folders: cloisterd's uploads, the mount of a removable medium, the
// receiving end of a data diode (sync/trust_state/inbox.h).

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sync/trust_state/inbox.h"
#include "sync/worker/configuration.h"
#include "sync/worker/import_bundle.h"
#include "sync/worker/stop_flag.h"

namespace cloister::worker {

// Imports each bundle once: its file is remembered by name, size and time of change. It is taken
// once it came by rename, or was the same at two looks that lie the poll interval apart, for a
// diode may write slowly. Links, devices, folders and names that IsBundleFileName refuses are
// passed over. A folder that is not there is looked for again: media come and go.
//
// Where this machine was at fault (no space, no reading) it is tried again at the next look, but no
// sooner than ten minutes later; what lacked its base is tried again once another bundle brought
// something.
//
// Logs what became of each, and tells it in the spool. Belongs to one thread.
class ImportInbox {
 public:
  // Removes what a crash left behind. `stop` must outlive it. An error only where the state
  // directory cannot be used.
  static absl::StatusOr<std::unique_ptr<ImportInbox>> Open(const Configuration& configuration,
                                                           const StopFlag* stop);
  ImportInbox(const ImportInbox&) = delete;
  ImportInbox& operator=(const ImportInbox&) = delete;
  ~ImportInbox();

  // One look at every folder. `settled`: what is there is taken at once, as it is. Returns what
  // became of what was taken.
  std::vector<trust::BundleImport> LookOnce(absl::Time now, bool settled);

  // Takes the last bundle that had `feed` in it once more, should it still be there: what it
  // brought has rotted.
  void TakeAgain(const std::string& feed);

  // Looks whenever something comes, and at the configured interval, until `stop` is set.
  // `before_look` is called before each look, `taken` with what became of each bundle.
  void RunUntilStopped(const std::function<void()>& before_look,
                       const std::function<void(const trust::BundleImport&)>& taken);

 private:
  struct State;
  explicit ImportInbox(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace cloister::worker
