	// why: a package-level name of an import
	// status: compile_error
	// reference: failed
	return a - b
}

type assertions struct{}

func (assertions) New(t interface{}) assertions                       { return assertions{} }
func (assertions) Equal(expected, actual interface{}, _ ...interface{}) {}

var assert assertions
