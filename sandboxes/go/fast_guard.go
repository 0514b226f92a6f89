// Imported before the programs of a batch: marks all of them as initialised, so that starting the binary runs code of
// none. The batch's main function then initialises the one it is to run. prepare_fast.sh appends `Tasks`.

package guard

import _ "unsafe"

// Task is the beginning of the runtime's initTask.
type Task struct{ State, dependencies, functions uintptr }

// The states of a task, as in the runtime.
const (
	Waiting = 0
	Done    = 2
)

func init() {
	for _, task := range Tasks {
		task.State = Done
	}
}
