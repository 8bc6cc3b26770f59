"""Between rows and arrays: the only modules that know both the ORM and the learner."""
